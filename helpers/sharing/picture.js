// The picture that the network looks at: shown, drawn, and chosen.

export function el(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Pixels from 0 to 1, [C, H, W], on a canvas: grey, or red, green and blue.
export function paint(canvas, pixels, [channels, height, width]) {
  Object.assign(canvas, { width, height });
  const shown = new ImageData(width, height), each = width * height;
  for (let i = 0; i < each; i++) {
    for (let c = 0; c < 3; c++) shown.data[4 * i + c] = 255 * pixels[(channels === 3 ? c * each : 0) + i];
    shown.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d').putImageData(shown, 0, 0);
}

// Frames over a picture of `width` by `height` pixels: [left, top, right, bottom] for each.
export function frame(layer, boxes, width, height) {
  layer.replaceChildren(...boxes.map(([left, top, right, bottom]) => {
    const box = el('i'), shares = [top / height, 1 - right / width, 1 - bottom / height, left / width];
    box.style.inset = shares.map(share => `${100 * share}%`).join(' ');
    return box;
  }));
}

export const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// The place on a canvas, in its own pixels, of an event of the pointer.
export function placeOf(canvas, event) {
  const { top, left, height, width } = canvas.getBoundingClientRect();
  return [(event.clientY - top) / height * canvas.height, (event.clientX - left) / width * canvas.width];
}

// The pad, on which one draws: tells `changed()` whenever `pixels` are other ones.
export class Pad {
  constructor(shape, changed) {
    Object.assign(this, { shape, changed, former: [], cursor: null });
    this.pixels = new Float64Array(shape[0] * shape[1] * shape[2]);
    this.canvas = document.getElementById('pad');
    this.frames = this.canvas.nextElementSibling;
    this.canvas.setAttribute('aria-label', `your drawing, ${shape[1]} by ${shape[2]} pixels`);
    let last = null;
    this.canvas.addEventListener('pointerdown', event => {
      if (event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.keep();
      last = placeOf(this.canvas, event);
      this.stroke(last, last);
    });
    this.canvas.addEventListener('pointermove', event => {
      if (!last) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) {
        const place = placeOf(this.canvas, part);
        this.stroke(last, place);
        last = place;
      }
    });
    for (const name of ['pointerup', 'pointercancel']) this.canvas.addEventListener(name, () => { last = null; });
    this.canvas.addEventListener('keydown', event => this.key(event));
    this.canvas.addEventListener('blur', () => { this.cursor = null; this.show(); });
    const pressed = (id, act) => document.getElementById(id).addEventListener('click', act);
    pressed('undo', () => this.former.length && this.choose(this.former.pop(), false));
    pressed('clear', () => this.choose(new Float64Array(this.pixels.length)));
    this.show();
  }

  keep() {
    this.former.push(this.pixels.slice());
    if (this.former.length > 50) this.former.shift();
  }

  choose(pixels, keep = true) {
    if (keep) this.keep();
    this.pixels.set(pixels);
    this.show();
    this.changed();
  }

  key(event) {
    const arrow = ARROWS[event.key], [, height, width] = this.shape;
    if (event.ctrlKey || event.metaKey || event.altKey || !(arrow || event.key === ' ')) return;
    event.preventDefault();
    const [row, column] = this.cursor ?? [height >> 1, width >> 1];
    if (arrow) {
      this.cursor = [(row + arrow[0] + height) % height, (column + arrow[1] + width) % width];
      this.show();
    } else {
      this.cursor = [row, column];
      this.keep();
      this.stroke([row + 0.5, column + 0.5], [row + 0.5, column + 0.5]);
    }
  }

  // A line of the pen, as wide and as bright as chosen, with a soft edge.
  stroke(from, to) {
    const [channels, height, width] = this.shape;
    const chosen = id => document.getElementById(id).value;
    const light = chosen('brightness') / 100, radius = chosen('width') / 2;
    const [dy, dx] = [to[0] - from[0], to[1] - from[1]], length = Math.hypot(dy, dx);
    for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) {
      const [y, x] = [row + 0.5 - from[0], column + 0.5 - from[1]];
      const along = length ? Math.min(Math.max((y * dy + x * dx) / length, 0), length) / length : 0;
      const cover = Math.min(Math.max(radius + 0.5 - Math.hypot(y - along * dy, x - along * dx), 0), 1);
      if (!cover) continue;
      for (let c = 0; c < channels; c++) {
        const place = (c * height + row) * width + column;
        this.pixels[place] += cover * (light - this.pixels[place]);
      }
    }
    this.show();
    this.changed();
  }

  // The picture, with a frame around what is pointed out: the cursor, or else `box`.
  show(box = this.box) {
    this.box = box;
    paint(this.canvas, this.pixels, this.shape);
    const at = this.cursor, boxes = at ? [[at[1], at[0], at[1] + 1, at[0] + 1]] : box ? [box] : [];
    frame(this.frames, boxes, this.shape[2], this.shape[1]);
  }
}
