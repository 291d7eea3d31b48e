// A field of pixels that one paints on, with the pointer, a finger or the keys.
//
// What is painted shows at once; Python is sent the pixels, one message on its way at a time and the
// newest next, and says with HTML beside the field what comes of them. Undo stays in the page.

const BACKING = 336; // pixels of the canvas's longer side, about
const KEPT = 100; // strokes that can be undone
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SHADES = [
  ['white', 255], ['light grey', 192], ['grey', 128], ['dark grey', 64], ['black, erases', 0],
];
const SIZES = [1, 2, 3, 5].map(size => [size === 1 ? '1 pixel' : `${size} pixels`, size]);

function made(name, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(name), attributes);
  element.append(...children);
  return element;
}

function choice(label, options, value) {
  const list = made('select', {}, ...options.map(([text, value]) => new Option(text, value)));
  list.value = value;
  return [made('label', {}, label, list), list];
}

function button(text, title) {
  return made('button', {
    type: 'button', textContent: text, title,
    className: 'jupyter-widgets jupyter-button widget-button',
  });
}

const inside = (place, size) => Math.min(Math.max(Math.floor(place), 0), size - 1);
const bytes = view => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

// One stroke: a round brush with soft edges. However often it passes over a pixel, this is covered
// by its largest share.
class Stroke {
  constructor(field, pixels, shade, size) {
    Object.assign(this, { field, pixels, shade, radius: size / 2, before: pixels.slice() });
    this.covered = new Float32Array(field.height * field.width);
  }

  dot(y, x) {
    if (this.radius < 1) [y, x] = [Math.floor(y) + 0.5, Math.floor(x) + 0.5]; // one whole pixel
    const { height, width, channels } = this.field;
    const reach = Math.ceil(this.radius + 0.5);
    for (let i = Math.max(0, Math.floor(y) - reach); i <= Math.min(height - 1, y + reach); i++)
      for (let j = Math.max(0, Math.floor(x) - reach); j <= Math.min(width - 1, x + reach); j++) {
        const share = this.radius + 0.5 - Math.hypot(i + 0.5 - y, j + 0.5 - x);
        const place = i * width + j;
        if (share <= this.covered[place]) continue;
        this.covered[place] = Math.min(1, share);
        for (let at = place * channels; at < (place + 1) * channels; at++)
          this.pixels[at] = Math.round(
            this.before[at] + this.covered[place] * (this.shade - this.before[at]));
      }
  }

  line(y, x) {
    const [fromY, fromX] = this.last ?? [y, x];
    const steps = Math.ceil(4 * Math.hypot(y - fromY, x - fromX)) || 1;
    for (let step = 1; step <= steps; step++)
      this.dot(fromY + ((y - fromY) * step) / steps, fromX + ((x - fromX) * step) / steps);
    this.last = [y, x];
  }
}

function render({ model, el }) {
  const canvas = made('canvas', { tabIndex: 0 });
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-roledescription', 'drawing field');
  const [shadeLabel, shade] = choice('brush', SHADES, 255);
  const [sizeLabel, size] = choice('size', SIZES, 2);
  const undo = button('undo', 'take the last stroke back (Ctrl+Z on the field)');
  const again = button('start again', 'as the field was before the first stroke');
  const place = made('div', { className: 'cnn-place' });
  place.setAttribute('role', 'status');
  const tools = made('div', { className: 'cnn-tools' }, shadeLabel, sizeLabel, undo, again, place);
  const beside = made('div', { className: 'cnn-beside' });
  const title = made('div', { className: 'cnn-name' });
  const pane = made('div', {}, title, canvas);
  const root = made('div', { className: 'cnn-field' }, pane, tools, beside);
  el.append(root);

  // ---- what is shown
  let field, pixels, history, stroke = null, cursor = [0, 0], keyed = false;
  let number = 0, waits = false, newer = false;
  const draw = () => {
    const { height, width, channels } = field;
    const image = new ImageData(width, height);
    for (let at = 0; at < width * height; at++)
      for (let c = 0; c < 4; c++)
        image.data[4 * at + c] = c === 3 ? 255 : pixels[at * channels + (c % channels)];
    const small = new OffscreenCanvas(width, height);
    small.getContext('2d').putImageData(image, 0, 0);
    const context = canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    if (!keyed || document.activeElement !== canvas) return;
    const value = pixels[(cursor[0] * width + cursor[1]) * channels];
    place.textContent = `row ${cursor[0]}, column ${cursor[1]}: ${value} of 255`;
    const scale = canvas.width / width;
    const box = [cursor[1] * scale, cursor[0] * scale, scale, scale];
    for (const [colour, thick] of [['#000000', 5], ['#ffffff', 3], ['#d95f02', 2]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: thick });
      context.strokeRect(...box);
    }
  };
  const begin = () => {
    field = model.get('field');
    const painted = model.get('painted');
    pixels = bytes(painted.version === field.version ? painted.pixels : field.pixels);
    [history, stroke, newer] = [[], null, false];
    cursor = [field.height >> 1, field.width >> 1];
    const scale = Math.max(1, Math.round(BACKING / Math.max(field.height, field.width)));
    [canvas.width, canvas.height] = [field.width * scale, field.height * scale];
    title.textContent = field.name;
    canvas.setAttribute('aria-label', `${field.name}, ${field.height} by ${field.width} pixels: ` +
      'arrow keys move, Space paints, Control Z takes back');
    place.textContent = '';
    draw();
  };
  const told = () => { beside.innerHTML = model.get('beside'); };

  // ---- one message at a time
  const send = () => {
    if (waits || !newer) return;
    [waits, newer] = [true, false];
    number = model.get('answered') + 1; // also where two pages show the field
    model.set('painted', {
      number, version: field.version, pixels: new DataView(pixels.slice().buffer),
    });
    model.save_changes();
  };
  const changed = () => {
    draw();
    newer = true;
    send();
  };
  const answered = () => {
    if (model.get('answered') !== number) return;
    waits = false;
    send();
  };
  const elsewhere = () => { // in another page that shows the field
    const painted = model.get('painted');
    if (painted.number === number || painted.version !== field.version || stroke) return;
    pixels = bytes(painted.pixels);
    draw();
  };

  // ---- painting
  const start = () => { stroke = new Stroke(field, pixels, Number(shade.value), Number(size.value)); };
  const to = (y, x) => {
    stroke.line(y, x);
    cursor = [inside(y, field.height), inside(x, field.width)];
    changed();
  };
  const keep = before => {
    history.push(before);
    if (history.length > KEPT) history.shift();
  };
  const end = () => {
    if (stroke) keep(stroke.before);
    stroke = null;
  };
  const back = () => {
    end();
    if (!history.length) return;
    pixels = history.pop();
    changed();
  };
  undo.addEventListener('click', back);
  again.addEventListener('click', () => {
    end();
    keep(pixels);
    pixels = bytes(field.start);
    changed();
  });

  const at = event => {
    const box = canvas.getBoundingClientRect();
    const [top, left] = [box.top + canvas.clientTop, box.left + canvas.clientLeft]; // its frame
    return [((event.clientY - top) / canvas.clientHeight) * field.height,
      ((event.clientX - left) / canvas.clientWidth) * field.width];
  };
  canvas.addEventListener('pointerdown', event => {
    if (event.button || stroke) return; // one finger paints
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    keyed = false;
    start();
    stroke.pointer = event.pointerId;
    to(...at(event));
  });
  canvas.addEventListener('pointermove', event => {
    if (stroke?.pointer === event.pointerId) to(...at(event));
  });
  for (const name of ['pointerup', 'pointercancel'])
    canvas.addEventListener(name, event => { if (stroke?.pointer === event.pointerId) end(); });

  // ---- the keys: Space paints, and while it is held, each step of the arrows does
  canvas.addEventListener('keydown', event => {
    const arrow = ARROWS[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') back();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (arrow || event.key === ' ') {
      keyed = true;
      if (event.key === ' ' && !stroke) start();
      if (arrow)
        cursor = [inside(cursor[0] + arrow[0], field.height), inside(cursor[1] + arrow[1], field.width)];
      if (stroke && !('pointer' in stroke)) to(cursor[0] + 0.5, cursor[1] + 0.5);
      draw();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener('keyup', event => {
    if (event.key === ' ' && stroke && !('pointer' in stroke)) end();
  });
  canvas.addEventListener('focus', () => {
    keyed = canvas.matches(':focus-visible');
    draw();
  });
  canvas.addEventListener('blur', () => { end(); draw(); });

  const heard = { field: begin, painted: elsewhere, answered, beside: told };
  for (const [name, call] of Object.entries(heard)) model.on(`change:${name}`, call);
  begin();
  told();
  return () => {
    for (const [name, call] of Object.entries(heard)) model.off(`change:${name}`, call);
  };
}

export default { render };
