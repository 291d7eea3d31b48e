// What the layers make of the picture, as maps that can be pointed at, and what a value is made of.

import { OPERATIONS, size } from './engine.js';
import { ARROWS, el, frame, placeOf } from './picture.js';

const VIRIDIS = [[68, 1, 84], [70, 50, 126], [54, 92, 141], [39, 127, 142],
  [31, 161, 135], [74, 193, 109], [160, 218, 57], [253, 231, 37]];
const SIGNS = [[33, 102, 172], [255, 255, 255], [178, 24, 43]]; // red above zero, blue below

const minus = text => text.replace('-', '−');

// Red, green and blue of a share of the scale, in `data` from `to` on.
function colour(scale, share, data = [], to = 0) {
  const at = Math.min(Math.max(share, 0), 1) * (scale.length - 1), i = Math.min(Math.floor(at), scale.length - 2);
  for (let c = 0; c < 3; c++) data[to + c] = scale[i][c] + (at - i) * (scale[i + 1][c] - scale[i][c]);
  return data;
}

const largest = values => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

export function number(value, digits = 2) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const short = Math.abs(value) < 0.5 * 10 ** -digits || Math.abs(value) >= 1e5;
  return minus(short ? value.toPrecision(2) : value.toFixed(digits));
}

// Drops of a probability as a picture: red where it falls if the pixel is covered.
export function paintSigned(canvas, values, width, height) {
  Object.assign(canvas, { width, height });
  const shown = new ImageData(width, height), most = largest(values) || 1;
  shown.data.fill(255);
  values.forEach((value, i) => colour(SIGNS, 0.5 + value / most / 2, shown.data, 4 * i));
  canvas.getContext('2d').putImageData(shown, 0, 0);
}

// The maps of one step side by side, each on its own scale; a row of numbers is one map of cells.
class Maps {
  constructor(step, place, select) {
    const row = step.shape.length !== 3, [count, height, width] = row ? [size(step.shape), 1, 1] : step.shape;
    Object.assign(this, { step, count, height, width, row, gap: row ? 0 : 1, at: 0 });
    this.canvas = el('canvas', { tabIndex: 0 });
    this.canvas.setAttribute('role', 'application');
    this.canvas.setAttribute('aria-label', `${step.label}: arrow keys move, Enter goes down`);
    this.frames = el('div', { className: 'frames' });
    const title = el('h3', {}, `${step.part || 'in forward'} `, el('span', { textContent: step.label }));
    this.part = el('section', {}, title, el('div', { className: 'maps' }, this.canvas, this.frames));
    const point = event => {
      const [y, x] = placeOf(this.canvas, event), high = height + this.gap, wide = width + this.gap;
      const map = Math.floor(y / high) * this.columns + Math.floor(x / wide);
      const [row, column] = [Math.floor(y % high), Math.floor(x % wide)];
      if (map >= 0 && map < count && row < height && column < width && x < this.columns * wide)
        select(place, (map * height + row) * width + column);
    };
    this.canvas.addEventListener('pointermove', point);
    this.canvas.addEventListener('pointerdown', point);
    this.canvas.addEventListener('focus', () => this.canvas.matches(':focus-visible') && select(place, this.at));
    this.canvas.addEventListener('keydown', event => {
      const arrow = ARROWS[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey || !(arrow || event.key === 'Enter')) return;
      event.preventDefault();
      if (arrow) select(place, this.moved(...arrow));
      else select(place, this.at, true);
    });
  }

  // From map to map at their edges.
  moved(down, right) {
    const { height, width, columns } = this, map = Math.floor(this.at / (height * width));
    const y = Math.floor(map / columns) * height + Math.floor(this.at / width) % height + down;
    const x = map % columns * width + this.at % width + right;
    const next = Math.floor(y / height) * columns + Math.floor(x / width);
    if (y < 0 || x < 0 || x >= columns * width || next >= this.count) return this.at;
    return (next * height + y % height) * width + x % width;
  }

  // As many maps in a row as there is room for, or fewer, so that the last row is about as full.
  lay(room) {
    const pixel = this.row ? 14 : Math.max(1, Math.min(16, Math.round(Math.min(84, room / 5) / this.width)));
    const fitting = Math.floor((room + pixel) / (pixel * (this.width + this.gap)));
    this.columns = Math.ceil(this.count / Math.ceil(this.count / Math.max(1, fitting)));
    this.canvas.width = this.columns * (this.width + this.gap) - this.gap;
    this.canvas.height = Math.ceil(this.count / this.columns) * (this.height + this.gap) - this.gap;
    this.canvas.style.width = `${Math.min(room, pixel * this.canvas.width)}px`;
  }

  corner(map) {
    return [Math.floor(map / this.columns) * (this.height + this.gap), map % this.columns * (this.width + this.gap)];
  }

  draw(values) {
    const { canvas, height, width } = this, each = height * width;
    const shown = new ImageData(canvas.width, canvas.height), signed = values.some(value => value < 0);
    for (let map = 0; map < this.count; map++) {
      const own = this.row ? values : values.subarray(map * each, (map + 1) * each);
      const most = this.row && map ? this.most : largest(own) || 1;
      this.most = most;
      const [top, left] = this.corner(map);
      for (let i = 0; i < each; i++) {
        const share = values[map * each + i] / most;
        const to = 4 * ((top + Math.floor(i / width)) * shown.width + left + i % width);
        colour(signed ? SIGNS : VIRIDIS, signed ? 0.5 + share / 2 : share, shown.data, to);
        shown.data[to + 3] = 255;
      }
    }
    canvas.getContext('2d').putImageData(shown, 0, 0);
  }

  // A frame in each map around the values that are marked; around all if these would be too many.
  mark(marks) {
    const boxes = [];
    if (marks) for (let map = 0; map < this.count; map++) {
      const box = boxOf(marks, map, this.height, this.width), [top, left] = this.corner(map);
      if (box) boxes.push([left + box[0], top + box[1], left + box[2], top + box[3]]);
    }
    const { width, height } = this.canvas;
    frame(this.frames, boxes.length > 64 ? [[0, 0, width, height]] : boxes, width, height);
  }
}

// The smallest [left, top, right, bottom] around the marks in a map, if there are any.
export function boxOf(marks, map, height, width) {
  let box = null;
  for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) {
    if (!marks[(map * height + row) * width + column]) continue;
    box ??= [column, row, column + 1, row + 1];
    box = [Math.min(box[0], column), box[1], Math.max(box[2], column + 1), row + 1];
  }
  return box;
}

const MOST_GRIDS = 8, MOST_CELLS = 25;
const product = ({ value, factor = 1 }) => value * factor;
const total = cells => cells.reduce((sum, cell) => sum + product(cell), 0);
const byStrength = (a, b) => Math.abs(b) - Math.abs(a);

export class Layers {
  constructor(network, pad) {
    Object.assign(this, { network, pad, chosen: null });
    this.maps = network.steps.map((step, place) => {
      step.label = `${step.function} → ${step.shape.join(' × ')}`;
      return new Maps(step, place, (...chosen) => this.select(...chosen));
    });
    const layers = document.getElementById('layers');
    layers.append(...this.maps.map(maps => maps.part));
    new ResizeObserver(() => this.lay()).observe(layers);
    document.getElementById('close').addEventListener('click', () => this.close());
  }

  lay() {
    const room = this.maps[0].part.clientWidth;
    if (room === this.room) return;
    this.room = room;
    for (const maps of this.maps) maps.lay(room);
    if (this.made) this.draw(this.made);
  }

  draw(made) {
    this.made = made;
    if (!this.room) return;
    this.maps.forEach((maps, place) => maps.draw(made[place]));
    if (this.chosen) this.select(...this.chosen);
  }

  // What goes into a value: where it is from, its factor if it has one, and what is added in the end.
  terms(place, index) {
    const step = this.network.steps[place], terms = [];
    const added = OPERATIONS[step.op].reads(step, index, (source, at, factor) => {
      const from = step.from[source], values = from < 0 ? this.pad.pixels : this.made[from];
      terms.push({ from, at, factor, value: at < 0 ? 0 : values[at] });
    });
    return { terms, added };
  }

  // Show what a value is made of; or, `down`, go to the value below that counts most.
  select(place, index, down = false) {
    const found = this.terms(place, index);
    if (down) return this.down(found.terms.filter(({ at }) => at >= 0));
    this.chosen = [place, index];
    this.maps[place].at = index;
    const marks = this.network.seen(place, index), image = marks.get(-1), [, height, width] = this.network.input;
    this.maps.forEach((maps, number) => maps.mark(marks.get(number)));
    const any = Uint8Array.from({ length: height * width });
    image?.forEach((mark, i) => { any[i % any.length] |= mark; });
    this.pad.show(boxOf(any, 0, height, width));
    document.getElementById('value').classList.add('chosen');
    document.getElementById('sum').replaceChildren(...this.explained(place, index, found));
  }

  down(terms) {
    if (!terms.length) return;
    const { from, at } = terms.sort((a, b) => byStrength(product(a), product(b)))[0];
    if (from < 0) return this.pad.canvas.focus();
    this.maps[from].at = at;
    this.maps[from].canvas.focus();
    this.select(from, at);
  }

  close() {
    this.chosen = null;
    for (const maps of this.maps) maps.mark(null);
    this.pad.show(null);
    document.getElementById('value').classList.remove('chosen');
    document.getElementById('sum').replaceChildren(el('p', { textContent: 'Point at a value of a layer.' }));
  }

  where(place, index) {
    const shape = place < 0 ? this.network.input : this.network.steps[place].shape;
    if (shape.length !== 3) return `value ${index}`;
    const [, height, width] = shape, map = Math.floor(index / (height * width));
    const at = `row ${Math.floor(index / width) % height}, column ${index % width}`;
    return place < 0 && shape[0] === 1 ? at : `${place < 0 ? 'channel' : 'map'} ${map}, ${at}`;
  }

  // The sum, or what else it is, with the real numbers: windows map by map, else what counts most.
  explained(place, index, { terms, added }) {
    const step = this.network.steps[place];
    const weighed = terms.length > 0 && terms.every(({ factor }) => factor !== undefined);
    const ordered = weighed && !step.kernel ? [...terms].sort((a, b) => byStrength(product(a), product(b))) : terms;
    const side = step.kernel ? step.kernel[0] * step.kernel[1] : MOST_CELLS, groups = [];
    for (let i = 0; i < ordered.length; i += side) groups.push(ordered.slice(i, i + side));
    const strongest = [...groups].sort((a, b) => weighed ? byStrength(total(a), total(b)) : 0);
    const left = strongest.slice(step.kernel ? MOST_GRIDS : 1).flat();
    const shown = groups.filter(group => !left.includes(group[0]));
    const parts = shown.map(group => [total(group), '']);
    if (left.length) parts.push([total(left), ` from ${left.length} more values`]);
    if (added !== undefined) parts.push([added, step.op === 'scale' ? ' (shift)' : ' (bias)']);
    const sign = (part, i) => part < 0 ? '−\u00a0' : i ? '+\u00a0' : '';
    const sum = parts.map(([part, of], i) => sign(part, i) + number(Math.abs(part), 3) + of).join(' ');
    const given = terms.length > 9 ? `${terms.length} values` : terms.map(({ value }) => number(value)).join(', ');
    const made = number(this.made[place][index], 4);
    return [
      el('p', {}, el('b', { textContent: `${step.part || step.function}, ${this.where(place, index)}` })),
      el('p', { className: 'total' }, `${weighed ? sum : `${step.function}(${given})`} = ${made}`),
      el('p', { className: 'small', textContent: weighed ? 'In each cell: a value, times its weight.' : '' }),
      el('div', { className: 'grids' }, ...shown.map(group => this.grid(step, group, weighed))),
    ];
  }

  grid(step, group, weighed) {
    const wide = step.kernel ? step.kernel[1] : 5, strongest = largest(group.map(product)) || 1;
    const first = group.find(({ at }) => at >= 0), most = Math.max(...group.map(({ value }) => value));
    const name = first ? this.where(first.from, first.at).replace(/,? ?row.*/, '') || 'the picture' : 'padding alone';
    const table = el('table', {}, el('caption', { textContent: step.kernel ? name : '' }));
    for (let i = 0; i < group.length; i += wide)
      table.append(el('tr', {}, ...group.slice(i, i + wide).map(term => {
        const { from, at, value, factor } = term, cell = el('td', {}, minus(value.toFixed(2)));
        if (factor !== undefined) cell.append(el('br'), minus(`×${factor.toFixed(2)}`));
        if (at < 0) cell.className = 'padded';
        else {
          cell.title = this.where(from, at);
          cell.style.background = `rgb(${colour(SIGNS, 0.5 + 0.3 * product(term) / strongest)})`;
          if (step.f === 'max' && value === most) cell.className = 'most';
          if (from >= 0) cell.addEventListener('click', () => this.select(from, at));
        }
        return cell;
      })));
    return table;
  }
}
