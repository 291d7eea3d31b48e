// The search on the first page: sections that have every word, or a word that begins with it; those with
// the words in their title first.

"use strict";

(() => {
  const MOST = 12;
  const AROUND = 70; // letters before and behind the first word that was found
  const plain = (text) => text.toLocaleLowerCase("en");
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const beginning = (word) => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}`, "iu");

  const search = (query) => {
    const words = plain(query).split(/\s+/).filter(Boolean).map(beginning);
    if (!words.length) return [];
    return SEARCH_INDEX
      .map(([title, part, address, text]) => {
        const inTitle = words.filter((word) => word.test(title)).length;
        const all = words.every((word) => word.test(title) || word.test(text));
        return {title, part, address, text, words, score: all ? 1 + inTitle : 0};
      })
      .filter((section) => section.score)
      .sort((one, other) => other.score - one.score);
  };

  const excerpt = ({text, words}) => {
    const places = words.map((word) => text.search(word)).filter((place) => place >= 0);
    const middle = places.length ? Math.min(...places) : 0;
    const start = text.lastIndexOf(" ", middle - AROUND) + 1; // between words
    const space = text.indexOf(" ", middle + 2 * AROUND);
    const end = space < 0 ? text.length : space;
    return (start ? "… " : "") + text.slice(start, end) + (end < text.length ? " …" : "");
  };

  const item = (section) => {
    const [entry, link, part, words] = ["li", "a", "span", "p"].map((n) => document.createElement(n));
    link.href = section.address;
    link.textContent = section.title;
    if (section.part !== section.title) part.textContent = ` – ${section.part}`;
    words.textContent = excerpt(section);
    entry.append(link, part, words);
    return entry;
  };

  const show = (query) => {
    const found = search(query);
    document.getElementById("results").replaceChildren(...found.slice(0, MOST).map(item));
    const count = found.length === 1 ? "1 section" : `${found.length} sections`;
    const more = found.length > MOST ? `, the first ${MOST} below` : "";
    document.getElementById("found").textContent = query.trim() ? `${count}${more}.` : "";
  };

  const input = document.getElementById("search");
  input.addEventListener("input", () => show(input.value));
  show(input.value); // what the browser has kept of an earlier visit
})();
