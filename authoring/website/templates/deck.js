// The slides: reveal.js, a size at which nothing overflows, and the speaker's window.
//
// The speaker's window shows this page twice, in frames with "?preview" in their address: the slide
// that the audience sees, and the next step. Pages that were opened from a folder may not look into
// each other, so all go by messages: from the slides to the window, and from there to its frames.

"use strict";

(() => {
  const preview = new URLSearchParams(location.search).has("preview");
  // On a phone, a slide is as tall as the screen, and scrolls. By itself, reveal.js would put all slides
  // below each other there; the page of the lesson does that better.
  const upright = innerWidth < innerHeight;
  const SIZE = upright ? {width: 420, height: 840} : {width: 1280, height: 720};
  let speaker = null;

  // As large as the slide has room for: a hall has a last row, and fonts differ from machine to machine.
  const fit = () => {
    const slide = Reveal.getCurrentSlide();
    if (upright || !slide) return;
    for (let zoom = 1.3; zoom > 0.5; zoom -= 0.02) {
      for (const part of slide.children) part.style.zoom = zoom;
      if (slide.scrollHeight <= slide.clientHeight && slide.scrollWidth <= slide.clientWidth) break;
    }
  };

  const tell = () => {
    if (!speaker || speaker.closed) return;
    const notes = Reveal.getCurrentSlide().querySelectorAll("aside.notes");
    speaker.postMessage({
      state: Reveal.getState(),
      isLast: Reveal.isLastSlide() && !Reveal.availableFragments().next,
      place: `${Reveal.getSlidePastCount() + 1} of ${Reveal.getTotalSlides()}`,
      notes: [...notes].map((note) => note.innerHTML).join(""),
    }, "*");
  };

  const open = () => {
    const address = new URL("speaker.html", location.href);
    address.search = new URLSearchParams({deck: location.pathname.split("/").pop()});
    speaker = window.open(address, "speaker", "popup,width=1200,height=760");
  };

  // From the speaker's window: a key to press here. In a preview: a state to show.
  const heed = (event) => {
    if (preview && event.source === window.parent && event.data.state) {
      Reveal.setState(event.data.state);
      if (event.data.isNext) Reveal.next();
    } else if (speaker && event.source === speaker) {
      if (event.data === "next") Reveal.next();
      if (event.data === "previous") Reveal.prev();
      tell();
    }
  };

  document.body.classList.toggle("preview", preview);
  document.body.classList.toggle("upright", upright);
  addEventListener("message", heed);
  Reveal.initialize({
    ...SIZE, margin: 0.04, center: false, hash: !preview, slideNumber: preview ? false : "c/t",
    controls: !preview, progress: !preview, keyboard: !preview, transition: "none",
    backgroundTransition: "none", scrollActivationWidth: null, postMessage: false,
    postMessageEvents: false,
  }).then(() => {
    if (!preview) Reveal.addKeyBinding({keyCode: 83, key: "S", description: "Speaker's window"}, open);
    for (const name of ["slidechanged", "fragmentshown", "fragmenthidden"]) {
      Reveal.on(name, () => { fit(); tell(); });
    }
    fit();
    // A panel that is live may become larger.
    const grown = new ResizeObserver(() => requestAnimationFrame(fit));
    for (const panel of document.querySelectorAll(".panel")) grown.observe(panel);
    if (preview) window.parent.postMessage("ready", "*");
  });
})();
