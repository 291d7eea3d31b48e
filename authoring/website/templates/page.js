// A page's table of contents: open where there is room beside the text, and the place in it is marked.

"use strict";

(() => {
  const contents = document.querySelector(".contents details");
  const wide = matchMedia("(min-width: 78rem)");
  const arrange = () => { contents.open = wide.matches; };
  arrange();
  wide.addEventListener("change", arrange);

  const links = [...contents.querySelectorAll("a")];
  const headings = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const mark = () => {
    const line = innerHeight / 3;
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < line).length;
    links.forEach((link, number) => {
      const here = number === passed - 1;
      if (here === link.hasAttribute("aria-current")) return;
      link.toggleAttribute("aria-current", here);
      if (!here) return;
      link.setAttribute("aria-current", "location");
      if (wide.matches) link.scrollIntoView({block: "nearest"});
    });
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, {passive: true});
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a") && !wide.matches) contents.open = false;
  });
  mark();

  // On paper, answers are open, and a hint is none.
  addEventListener("beforeprint", () => {
    for (const answer of document.querySelectorAll("details.solution")) answer.open = true;
  });
})();
