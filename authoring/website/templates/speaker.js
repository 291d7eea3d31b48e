// The speaker's window: the slide that the audience sees, the next step, notes and clock. It is opened
// by deck.js, which sends where the slides are, and gets the keys that are pressed here.

"use strict";

(() => {
  const deck = new URLSearchParams(location.search).get("deck");
  const slides = window.opener;
  if (!slides || !/^[\w-]+\.html$/.test(deck)) return;

  const element = (id) => document.getElementById(id);
  const [now, next] = document.querySelectorAll("iframe");
  let last = null;
  let start = Date.now();

  const show = () => {
    if (!last) return;
    now.contentWindow.postMessage({state: last.state}, "*");
    next.contentWindow.postMessage({state: last.state, isNext: true}, "*");
    element("place").textContent = last.place;
    element("after").textContent = last.isLast ? "The end" : "With the next key";
    element("notes").innerHTML = last.notes || "<p>No notes on this slide.</p>";
  };

  const ask = (what) => slides.postMessage(what, "*");

  const tick = () => {
    const seconds = Math.floor((Date.now() - start) / 1000);
    const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
    element("clock").textContent = new Date().toTimeString().slice(0, 5);
    element("passed").textContent = `${minutes}:${String(rest).padStart(2, "0")}`;
  };

  addEventListener("message", (event) => {
    if (event.source === slides && event.data.state) last = event.data;
    if ([slides, now.contentWindow, next.contentWindow].includes(event.source)) show();
  });
  addEventListener("keydown", (event) => {
    const forward = ["ArrowRight", "ArrowDown", "PageDown", " ", "n"];
    const back = ["ArrowLeft", "ArrowUp", "PageUp", "p"];
    if (event.target instanceof HTMLButtonElement && event.key === " ") return;
    if (forward.includes(event.key)) ask("next");
    else if (back.includes(event.key)) ask("previous");
    else return;
    event.preventDefault();
  });
  element("next").addEventListener("click", () => ask("next"));
  element("previous").addEventListener("click", () => ask("previous"));
  element("again").addEventListener("click", () => { start = Date.now(); tick(); });

  for (const frame of [now, next]) frame.src = `${deck}?preview`;
  element("view").hidden = false;
  element("help").hidden = true;
  setInterval(tick, 500);
  tick();
  ask("hello");
})();
