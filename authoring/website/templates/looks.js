// What the convolution and the pooling panel of the notebooks show, without a kernel.
//
// What each shows and says is that of helpers/explorers, word for word. `LOOKS` makes of settings what
// there is to show, without touching the page, so that tests can lay it beside Python's; panels.js is
// the page's side.

"use strict";

const {LOOKS, IMAGES, KERNELS, OWN, Refused, read, showWeight} = (() => {
  class Refused extends Error {} // an input that cannot be shown; its message is for the caption

  // ---- numbers as text

  const close = (one, other) => Math.abs(one - other) < 1e-9;
  const bracketed = (text) => text.startsWith("−") ? `(${text})` : text;
  const isShort = (value) => close(value, Number(value.toFixed(2)));
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // Two decimals at most. Python rounds a tie (an odd number of eighths) to an even digit, toFixed up.
  const show = (value) => {
    const size = Math.abs(value);
    const text = (8 * size % 4 === 1 ? size - 0.001 : size).toFixed(2).replace(/\.?0+$/, "");
    return value < 0 && text !== "0" ? `−${text}` : text;
  };

  // A fraction as one, so that the products add up.
  const showWeight = (value) => {
    if (isShort(value)) return show(value);
    for (let under = 1; under <= 144; under++) {
      const over = Math.round(value * under);
      if (close(value, over / under)) return `${over}/${under}`.replace("-", "−");
    }
    return show(value);
  };

  const equals = (value, ...parts) => {
    const exact = isShort(value) && parts.every((part) => isShort(part) || showWeight(part).includes("/"));
    return `${exact ? "=" : "≈"} ${show(value)}`;
  };

  const listed = (terms, between) => terms.length <= 25
    ? terms.join(between)
    : `${terms.slice(0, 6).join(between)}${between}… (${terms.length} in all)`;

  // A kernel value that is typed; 0 if there is none.
  const read = (text) => {
    const [over, under = "1", ...more] = text.trim().replaceAll("−", "-").split("/");
    const value = Number(over) / Number(under);
    if (more.length || !Number.isFinite(value))
      throw new Refused(`A kernel value is one number, such as -1 or 1/3, not '${text.slice(0, 20)}'.`);
    if (Math.abs(value) >= 1000)
      throw new Refused("A kernel value is too large to show; take numbers between -999 and 999.");
    return value;
  };

  // ---- a window that slides over a row of pixels

  const range = (count) => [...Array(count).keys()];

  class Sliding {
    constructor(width, size, stride = 1, padding = 0, dilation = 1) {
      if (stride === 0)
        throw new Refused("With a stride of 0 the window would never move on. Choose a stride of 1 or more.");
      for (const [name, value, least, most] of [["width", width, 1, 12], ["kernel size", size, 1, 12],
        ["stride", stride, 1, 12], ["padding", padding, 0, 6], ["dilation", dilation, 1, 6]]) {
        if (Number.isInteger(value) && value >= least && value <= most) continue;
        const found = Number.isNaN(value) ? "no number" : value;
        const wanted = Number.isInteger(value) ? "another" : "a whole";
        throw new Refused(
          `The ${name} is ${found}; this panel shows ${least} to ${most}. Choose ${wanted} number.`);
      }
      Object.assign(this, {width, size, stride, padding, dilation});
      this.padded = width + 2 * padding;
      this.reach = dilation * (size - 1) + 1;
      if (this.reach > this.padded)
        throw new Refused(
          `A kernel of ${size}${dilation > 1 ? ` with dilation ${dilation}` : ""} reaches over ` +
          `${this.reach} pixels, but the image with its padding has only ${this.padded}: it does not ` +
          "fit, so there is no output. Choose a smaller kernel, a larger image, or more padding.");
      this.places = range(Math.floor((this.padded - this.reach) / stride) + 1);
      this.unreached = range(this.padded).filter((pixel) => !this.seeing(pixel).length);
    }

    window(place) { return range(this.size).map((i) => place * this.stride + this.dilation * i); }

    seeing(pixel) { return this.places.filter((place) => this.window(place).includes(pixel)); }

    // The place whose window has its middle nearest to a pixel.
    placeAt(pixel) {
      const far = (place) => Math.abs(place * this.stride + (this.reach - 1) / 2 - pixel);
      return this.places.reduce((best, place) => far(place) < far(best) ? place : best);
    }
  }

  const pairs = (rows, columns) => rows.flatMap((row) => columns.map((column) => [row, column]));

  // The row and the column of an output value.
  const placed = (place, {places}) => {
    const most = places.length ** 2 - 1;
    if (!(Number.isInteger(place) && place >= 0 && place <= most))
      throw new Refused(`There is no output value ${place}: they are counted from 0 to ${most}, row by row.`);
    return [Math.floor(place / places.length), place % places.length];
  };

  // ---- sentences of the caption

  const placeText = (place, row, column) =>
    `Output value ${place}, row ${row}, column ${column} (all counted from 0): `;

  const unreachedText = ({unreached}) => {
    const named = unreached.length === 1 ? "row and column" : "rows and columns";
    return unreached.length
      ? ` No window reaches ${named} ${unreached.join(", ")} (grey in the grid, counted from 0).` : "";
  };

  const seeingText = (pixel, sliding) => {
    if (!pixel) return "";
    const where = ` Pixel row ${pixel[0]}, column ${pixel[1]}`;
    const [rows, columns] = pixel.map((at) => sliding.seeing(at));
    const unseen = pixel.find((at) => !sliding.seeing(at).length);
    if (unseen !== undefined) {
      const last = sliding.window(sliding.places.length - 1).at(-1);
      return `${where} is in no window: ${unseen > last
        ? `the last one ends at ${last}, and one more step of ${sliding.stride} would not fit`
        : "the windows step over it"}.`;
    }
    const count = rows.length * columns.length;
    if (count === 1) return `${where} is seen by one output value, row ${rows[0]}, column ${columns[0]}.`;
    const span = (name, places) => places.length === 1
      ? `${name} ${places[0]}` : `${name}s ${places[0]} to ${places.at(-1)}`;
    return `${where} is seen by ${count} output values: ${span("row", rows)}, ${span("column", columns)}.`;
  };

  // ---- grids of numbers, as helpers/explorers/_grids.py makes them

  const holding = (places) => {
    const held = new Set(places.map(String));
    return (row, column) => held.has(`${row},${column}`);
  };

  const unreached = (sliding) => (i, j) => [i, j].some((at) => sliding.unreached.includes(at));
  const seeing = (pixel, sliding) =>
    holding(pixel ? pairs(sliding.seeing(pixel[0]), sliding.seeing(pixel[1])) : []);

  // `sets`: functions that tell of a row and a column whether the class of that name is theirs.
  const grid = ({title, rows, sets = {}, sign = "", point = "", typed = false}) => {
    const cell = (text, row, column) => {
      const names = Object.keys(sets).filter((name) => sets[name](row, column)).join(" ");
      const said = typed
        ? `<input class="cnn-number" value="${text}" aria-label="${title}, row ${row}, column ${column}">`
        : text;
      return `<td class="${names}"${point && ` data-at="${row},${column}"`}>${said}</td>`;
    };
    const lines = rows.map((row, i) => `<tr>${row.map((text, j) => cell(text, i, j)).join("")}</tr>`);
    const keys = typed ? "" : ` tabindex="0" aria-label="${title}: arrow keys move the window"`;
    return `<table class="cnn-grid"${point && ` data-point="${point}"${keys}`}><caption>${title}</caption>` +
      `${lines.join("")}</table>${sign && `<div><b>${sign}</b></div>`}`;
  };

  const grids = (...all) => `<div class="cnn-grids">${all.map(grid).join("")}</div>`;
  const texts = (rows, say = show) => rows.map((row) => row.map(say));

  // ---- convolution

  const OWN = "own values";
  const IMAGES = {
    "an edge": (i, j, width) => 9 * (2 * j >= width),
    "a corner": (i, j, width) => 9 * (2 * j >= width && 2 * i >= width),
    "a spot": (i, j, width) => 9 * (i === j && j === Math.floor(width / 2)),
    "digits": (i, j) => (7 * i + 3 * j + i * j) % 10,
  };
  const KERNELS = {
    "vertical edges": (i, j, size) => size > 1 ? (j === size - 1) - (j === 0) : 1,
    "horizontal edges": (i, j, size) => size > 1 ? (i === size - 1) - (i === 0) : 1,
    "copy": (i, j, size) => Number(i === j && j === Math.floor(size / 2)),
    "mean": (i, j, size) => 1 / size ** 2,
  };
  const square = (of, size) => range(size).map((i) => range(size).map((j) => of(i, j, size)));

  function convolution({image, width, weights, size, stride, padding, dilation, bias, place, pixel}) {
    const sliding = new Sliding(width, size, stride, padding, dilation);
    if (!(Math.abs(bias) < 1000))
      throw new Refused("The bias is too large to show; take a number between -999 and 999.");
    const [row, column] = placed(place, sliding);
    const inside = (i) => i >= padding && i < padding + width;
    const added = (i, j) => !inside(i) || !inside(j);
    const padded = square((i, j) => added(i, j) ? 0 : IMAGES[image](i - padding, j - padding, width),
      sliding.padded);
    const products = (y, x) => weights.map((line, i) => line.map((weight, j) =>
      padded[sliding.window(y)[i]][sliding.window(x)[j]] * weight));
    const output = sliding.places.map((y) => sliding.places.map((x) => sum(products(y, x).flat()) + bias));
    const under = pairs(sliding.window(row), sliding.window(column));
    const factors = weights.flat();
    const terms = under.map(([i, j], n) =>
      `${bracketed(show(padded[i][j]))}·${bracketed(showWeight(factors[n]))}`);
    const wide = sliding.places.length;
    return {
      sliding,
      caption: `An image of ${width}×${width}, a kernel of ${size}×${size}, stride ${stride}, padding ` +
        `${padding}, dilation ${dilation}: the output is ${wide}×${wide}. ` +
        `${placeText(place, row, column)}${listed(terms, " + ")} + bias ${bracketed(show(bias))} ` +
        `${equals(output[row][column], bias, ...factors)}.${seeingText(pixel, sliding)}` +
        unreachedText(sliding),
      html: grids(
        {title: "image", rows: texts(padded), sign: "∗", point: "image", sets: {
          marked: holding(under),
          dropped: unreached(sliding),
          padded: added,
        }},
        {title: "kernel", rows: texts(weights, showWeight), sign: "→", point: "kernel", typed: true},
        {title: "their products", rows: texts(products(row, column)),
          sign: `sum ${bias ? `+ ${bracketed(show(bias))} =` : "="}`},
        {title: "output", rows: texts(output), point: "output",
          sets: {marked: holding([[row, column]]), seeing: seeing(pixel, sliding)}},
      ),
    };
  }

  // ---- pooling

  const BOOT = [
    [1, 7, 8, 6, 0, 0], [1, 7, 9, 6, 0, 0], [0, 8, 9, 6, 0, 0],
    [0, 8, 9, 8, 1, 0], [2, 8, 9, 9, 8, 0], [9, 9, 9, 9, 9, 0],
  ];
  const SHIFTED = BOOT.map((row) => [row.at(-1), ...row.slice(0, -1)]);
  const differences = (one, other) => {
    const [before, after] = [one.flat(), other.flat()];
    return `${before.filter((value, n) => !close(value, after[n])).length} of ${before.length}`;
  };

  function pooling({kind, size, stride, shift, place, pixel}) {
    const side = BOOT.length;
    if (size > side)
      throw new Refused(`A window of ${size}×${size} does not fit into an image of ${side}×${side}: ` +
        "nothing comes out. Choose a smaller kernel size.");
    const sliding = new Sliding(side, size, stride);
    const [row, column] = placed(place, sliding);
    const pixels = shift ? SHIFTED : BOOT;
    const under = (y, x) => pairs(sliding.window(y), sliding.window(x));
    const keep = {maximum: (values) => Math.max(...values), average: (values) => sum(values) / values.length};
    const pooled = (image, by) => sliding.places.map((y) => sliding.places.map((x) =>
      keep[by](under(y, x).map(([i, j]) => image[i][j]))));
    const output = pooled(pixels, kind);
    const winners = pairs(sliding.places, sliding.places).map(([y, x]) =>
      under(y, x).find(([i, j]) => pixels[i][j] === keep.maximum(under(y, x).map(([k, l]) => pixels[k][l]))));
    const values = under(row, column).map(([i, j]) => pixels[i][j]);
    const said = listed(values.map(show), ", "), total = sum(values), value = output[row][column];
    const most = kind === "maximum", wide = sliding.places.length;
    const changes = (by) => differences(pooled(BOOT, by), pooled(SHIFTED, by));
    return {
      sliding,
      caption: `${most ? "Maximum" : "Average"} pooling of ${side}×${side} pixels with kernel size ` +
        `${size} and stride ${stride} makes ${wide}×${wide}. ${placeText(place, row, column)}` +
        (most ? `largest of ${said} is ${show(value)}`
          : `mean of ${said}: ${show(total)} / ${values.length} ${equals(value, ...values, total)}`) +
        `.${seeingText(pixel, sliding)}` +
        `${most ? " Framed: the largest pixel of each window." : ""}` +
        unreachedText(sliding) +
        (shift ? " The image is shifted by one pixel to the right (the last column comes in on the left): " +
          `${differences(BOOT, SHIFTED)} pixels change, ${changes("maximum")} values after maximum ` +
          `pooling, ${changes("average")} after average pooling.` : ""),
      html: grids(
        {title: shift ? "image, shifted" : "image", rows: texts(pixels), sign: "→", point: "image", sets: {
          marked: holding(under(row, column)),
          dropped: unreached(sliding),
          won: holding(most ? winners : []),
        }},
        {title: `${kind} pooling`, rows: texts(output), point: "output",
          sets: {marked: holding([[row, column]]), seeing: seeing(pixel, sliding)}},
      ),
    };
  }

  return {LOOKS: {convolution, pooling}, IMAGES, KERNELS, OWN, Refused, read, showWeight};
})();
