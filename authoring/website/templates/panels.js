// A panel on a page: what looks.js makes of the settings, with controls, in place of the panel's still.
//
// Its view is the notebook's own, pointable.js, which finds here what it has a kernel for there.

"use strict";

(() => {
  // What each panel can be set to, by the words of the notebook's; a list tells what can be chosen.
  const SETTINGS = {
    convolution: [
      ["image", "image", "digits", Object.keys(IMAGES)],
      ["kernel", "kernel", "vertical edges", [...Object.keys(KERNELS), OWN]],
      ["kernel size", "size", 3], ["stride", "stride", 1], ["padding", "padding", 0],
      ["dilation", "dilation", 1], ["image width", "width", 6], ["bias", "bias", 0],
    ],
    pooling: [
      ["pooling", "kind", "maximum", ["maximum", "average"]], ["kernel size", "size", 2],
      ["stride = kernel size", "same", true], ["stride", "stride", 2],
      ["shift the image by one pixel", "shift", false],
    ],
  };

  // Settings that follow from the one that has changed.
  const FOLLOW = {
    convolution(now, changed) {
      if (!["kernel", "size", ""].includes(changed) || !(now.size >= 1 && now.size <= 12)) return;
      now.own ??= now.weights;
      const value = now.kernel === OWN ? (i, j) => now.own[i]?.[j] ?? 0 : KERNELS[now.kernel];
      now.weights = Array.from({length: now.size}, (_, i) =>
        Array.from({length: now.size}, (_, j) => Number(value(i, j, now.size))));
    },
    pooling(now, changed) {
      if (changed === "stride") now.same = now.stride === now.size;
      else if (now.same) now.stride = now.size;
    },
  };

  const element = (name, attributes, ...children) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...children);
    return made;
  };

  // What pointable.js knows of a widget: values, who hears of them, and one who is told what is pointed at.
  const modelOf = (point) => {
    const values = {value: "", answered: 0, pointed: null}, heard = {};
    return {
      get: (name) => values[name],
      set(name, value) { values[name] = value; heard[`change:${name}`]?.(); },
      on(event, call) { heard[event] = call; },
      save_changes() { point(values.pointed); this.set("answered", values.pointed.number); },
    };
  };

  function control([words, name, value, options], id, change) {
    const made = options
      ? element("select", {}, ...options.map((option) => element("option", {}, option)))
      : element("input", typeof value === "boolean" ? {type: "checkbox"} : {type: "number"});
    const [held, event] = made.type === "checkbox" ? ["checked", "change"] : ["value", "input"];
    made.addEventListener(event, () =>
      change(name, made.type === "number" ? made.valueAsNumber : made[held]));
    const show = (wanted) => {
      const same = made.type === "number" ? Object.is(made.valueAsNumber, wanted) : made[held] === wanted;
      if (!same) made[held] = wanted;
    };
    made.id = id;
    const parts = [element("label", {htmlFor: id}, words), made];
    if (made.type === "checkbox") parts.reverse();
    return {name, show, shown: element("span", {}, ...parts)};
  }

  function begin(root) {
    const kind = root.dataset.panel, looks = LOOKS[kind];
    const now = {place: 0, pixel: null}; // and the settings, by their names
    for (const [, name, value] of SETTINGS[kind]) now[name] = value;
    let shown = null, clock = 0;

    const caption = element("p", {className: "panel-words"});
    caption.setAttribute("role", "status");
    const view = element("div", {className: "panel-view"});
    const place = ["output value", "place", 0];
    const controls = [...SETTINGS[kind], place].map((what) =>
      control(what, `${kind}-${what[1]}`, (name, value) => { now[name] = value; draw(name); }));
    const button = (words, act) => {
      const made = element("button", {type: "button"}, words);
      made.addEventListener("click", act);
      return made;
    };
    const step = (by) => {
      const count = shown && shown.sliding.places.length ** 2;
      if (count) { now.place = ((now.place || 0) + by + count) % count; draw("place"); }
    };
    const isLast = () => !shown || now.place >= shown.sliding.places.length ** 2 - 1;
    const stop = () => { clearInterval(clock); clock = 0; play.textContent = "play"; };
    const play = button("play", () => {
      if (clock) return stop();
      if (isLast()) { now.place = 0; draw("place"); }
      clock = setInterval(() => { if (isLast()) stop(); else step(1); }, 700);
      play.textContent = "pause";
    });
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const settle = () => { play.hidden = calm.matches; if (calm.matches) stop(); };
    calm.addEventListener("change", settle);

    // A place that other settings have left without a value is forgotten.
    const look = (changed) => {
      try {
        return looks(now);
      } catch (error) {
        if (changed === "place" || !(error instanceof Refused)) throw error;
        const made = looks({...now, place: 0});
        now.place = 0;
        return made;
      }
    };
    const draw = (changed) => {
      FOLLOW[kind](now, changed);
      try {
        shown = look(changed);
        caption.textContent = shown.caption;
        model.set("value", shown.html);
        const rows = [...view.querySelectorAll("tr:first-child")];
        root.style.setProperty("--side", shown.sliding.padded); // of the largest grid, in cells
        root.style.setProperty("--across", rows.reduce((all, row) => all + row.cells.length, 0));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        shown = null;
        caption.textContent = error.message;
      }
      view.classList.toggle("former", !shown); // so that the page below does not jump
      view.inert = !shown;
      for (const {name, show} of controls) show(now[name]);
    };

    const typed = ({row, column, text}) => {
      try {
        const value = read(showWeight(read(text))); // as it will be shown
        now.weights = now.weights.map((line) => [...line]);
        now.weights[row][column] = value;
        [now.own, now.kernel] = [now.weights, OWN];
        draw("weights");
      } catch (error) { // what is shown stays, and what is typed there
        if (!(error instanceof Refused)) throw error;
        caption.textContent = error.message;
      }
    };
    const model = modelOf((at) => {
      if (at.kind === "type") return typed(at);
      if (!shown) return;
      const {sliding} = shown, {length} = sliding.places;
      let [row, column] = [Math.floor(now.place / length), now.place % length];
      const pressed = ["press", "drag"].includes(at.kind);
      if (at.kind === "key") [row, column] = [row + at.row, column + at.column];
      else if (at.name === "output" && (pressed || at.kind === "over")) [row, column] = [at.row, at.column];
      else if (at.name === "image" && pressed)
        [row, column] = [sliding.placeAt(at.row), sliding.placeAt(at.column)];
      [row, column] = [row, column].map((to) => Math.min(Math.max(to, 0), length - 1));
      now.pixel = at.kind === "over" && at.name === "image" ? [at.row, at.column] : null;
      now.place = row * length + column;
      draw("place");
    });

    pointable.render({model, el: view});
    const settings = controls.map((each) => each.shown), last = settings.pop();
    const steps = [last, button("back", () => step(-1)), button("step", () => step(1)), play];
    root.prepend(
      element("div", {className: "panel-controls"}, ...settings),
      element("div", {className: "panel-controls"}, ...steps),
      view, caption);
    root.querySelector("figure").remove(); // the still
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", `${kind[0].toUpperCase()}${kind.slice(1)} panel`);
    if (root.closest(".deck")) keepKeys(root);
    settle();
    draw("");
  }

  // The keys of a panel are not for the slides, but those of a remote control; Esc gives all back.
  function keepKeys(root) {
    root.setAttribute("data-prevent-swipe", "");
    root.addEventListener("keydown", (event) => {
      const remote = ["PageUp", "PageDown"].includes(event.key);
      if (remote || event.key === "Escape") document.activeElement.blur();
      if (!remote) event.stopPropagation();
    });
  }

  for (const root of document.querySelectorAll("[data-panel]")) begin(root);
})();
