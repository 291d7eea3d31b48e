// The view of a panel: it shows HTML that Python has made, and tells Python what is pointed at.
//
// What can be pointed at has a name in data-point: a table or a drawing (SVG), by its part that says
// data-at="row,column", or an image, by the shares x and y of its width and height; a picture in a drawing
// by both. Arrow keys move within what has the focus. One message is on its way at a time: of what the
// pointer does meanwhile, the last place counts, so that nothing queues up however fast it is.

// Make `shown` like `wanted`, changing as little as can be: what has the focus keeps it.
function become(shown, wanted) {
  const children = [...wanted.childNodes];
  while (shown.childNodes.length > children.length) shown.lastChild.remove();
  children.forEach((child, number) => {
    const old = shown.childNodes[number];
    if (old?.nodeName !== child.nodeName) {
      if (old) old.replaceWith(child);
      else shown.append(child);
      return;
    }
    if (child.nodeType === Node.TEXT_NODE) {
      if (old.data !== child.data) old.data = child.data;
      return;
    }
    for (const { name, value } of child.attributes)
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes])
      if (!child.hasAttribute(name)) old.removeAttribute(name);
    if (old.nodeName === 'INPUT' && old !== document.activeElement) old.value = old.defaultValue;
    become(old, child);
  });
}

// In a template, a picture is not loaded: it may be there already.
function html(text) {
  const made = document.createElement('template');
  made.innerHTML = text;
  return made.content;
}

// Which share of an image's width and height lies at a place of the page; the image may be smaller
// than its box, and then stands at the left and in the middle of it.
function shares(image, event) {
  const box = image.getBoundingClientRect();
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const [width, height] = [scale * image.naturalWidth, scale * image.naturalHeight];
  const top = box.top + (box.height - height) / 2;
  const [x, y] = [(event.clientX - box.left) / width, (event.clientY - top) / height];
  return x >= 0 && x < 1 && y >= 0 && y < 1 ? { x, y } : null;
}

// What is under the pointer, as Python is told it.
function under(view, event) {
  const part = document.elementFromPoint(event.clientX, event.clientY);
  const pointed = part?.closest('[data-point]');
  if (!pointed || !view.contains(pointed)) return null;
  const name = pointed.dataset.point;
  if (pointed.nodeName === 'IMG') {
    const place = shares(pointed, event);
    return place && { name, ...place };
  }
  const cell = part.closest('[data-at]');
  if (!cell) return null;
  const [row, column] = cell.dataset.at.split(',').map(Number);
  if (!['image', 'rect'].includes(cell.nodeName)) return { name, row, column };
  const box = cell.getBoundingClientRect(); // of a picture in a drawing
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  return { name, row, column, x, y };
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function render({ model, el }) {
  const box = (parent, className) =>
    parent.appendChild(Object.assign(document.createElement('div'), { className }));
  const view = box(el, 'cnn-view');

  // ---- one message at a time
  let number = 0, waits = false, last = '';
  const pending = [];
  const send = () => {
    if (waits || !pending.length) return;
    waits = true;
    number = model.get('answered') + 1; // also where two pages show the panel
    model.set('pointed', { number, ...pending.shift() });
    model.save_changes();
  };
  const tell = said => {
    const text = JSON.stringify(said);
    if (said.kind === 'over' && text === last) return; // still the same cell
    last = text;
    const behind = pending.at(-1);
    const same = behind?.kind === said.kind && behind.name === said.name;
    if (same && said.kind === 'key') {
      behind.row += said.row;
      behind.column += said.column;
    } else if (same && ['over', 'drag'].includes(said.kind)) {
      pending[pending.length - 1] = said;
    } else pending.push(said);
    send();
  };
  const answered = () => {
    waits &&= model.get('answered') !== number;
    send();
  };
  const draw = () => {
    become(view, html(model.get('value')));
    glide();
  };

  // ---- a frame around the window that is marked in a table: it glides from place to place
  const windows = box(el, 'cnn-windows');
  const glide = () => {
    const marked = [...view.querySelectorAll('table.cnn-grid:has(td.marked)')].map(table =>
      [...table.querySelectorAll('td.marked')].map(cell => cell.getBoundingClientRect()));
    while (windows.childNodes.length > marked.length) windows.lastChild.remove();
    const from = windows.getBoundingClientRect(), scale = from.width / windows.offsetWidth || 1; // of a slide
    marked.forEach((cells, number) => {
      const frame = windows.childNodes[number] ?? box(windows, '');
      const side = (edge, most) => most(...cells.map(box => box[edge]));
      const [left, top] = [side('left', Math.min), side('top', Math.min)];
      const [x, y, width, height] = [left - from.left, top - from.top,
        side('right', Math.max) - left, side('bottom', Math.max) - top].map(pixels => pixels / scale);
      frame.style = `translate: ${x}px ${y}px; width: ${width}px; height: ${height}px`;
    });
  };
  const resized = new ResizeObserver(glide);
  resized.observe(view);
  draw();
  model.on('change:value', draw);
  model.on('change:answered', answered);

  // ---- the pointer
  let held = null; // the name of what is dragged over
  view.addEventListener('pointerdown', event => {
    if (event.target.closest('input')) return; // a click there is for typing
    const place = under(view, event);
    if (!place || event.button) return;
    held = place.name;
    event.target.closest('[data-point]').focus({ preventScroll: true });
    event.preventDefault(); // no text is marked while one drags
    tell({ kind: 'press', ...place });
  });
  view.addEventListener('pointermove', event => {
    const place = under(view, event);
    if (held && place?.name === held) tell({ kind: 'drag', ...place });
    else if (!held) tell(place ? { kind: 'over', ...place } : { kind: 'over', name: '' });
  });
  view.addEventListener('pointerleave', () => tell({ kind: 'over', name: '' }));
  const release = () => { held = null; };
  window.addEventListener('pointerup', release);
  window.addEventListener('pointercancel', release);

  // ---- the keys, and numbers that are typed
  view.addEventListener('keydown', event => {
    const pointed = event.target.closest('[data-point]');
    const arrow = ARROWS[event.key];
    if (!pointed || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.nodeName === 'INPUT') {
      if (event.key === 'Enter') typed(event.target);
      if (arrow?.[0]) {
        event.preventDefault();
        step(event.target, -arrow[0]);
      }
    } else if (arrow || event.key === 'Enter' || event.key === ' ') {
      event.preventDefault(); // nor does the page scroll
      const name = pointed.dataset.point;
      if (arrow) tell({ kind: 'key', name, row: arrow[0], column: arrow[1] });
      else tell({ kind: 'choose', name });
    }
  });
  const typed = input => {
    if (input.value === input.defaultValue) return;
    const [row, column] = input.closest('[data-at]').dataset.at.split(',').map(Number);
    const name = input.closest('[data-point]').dataset.point;
    tell({ kind: 'type', name, row, column, text: input.value });
  };
  const step = (input, by) => {
    const value = Number(input.value);
    if (Number.isNaN(value)) return;
    input.value = String(Math.round(100 * (value + by)) / 100);
    typed(input);
  };
  view.addEventListener('focusout', event => {
    if (event.target.nodeName === 'INPUT') typed(event.target);
  });
  view.addEventListener('wheel', event => {
    if (event.target.nodeName !== 'INPUT' || event.target !== document.activeElement) return;
    event.preventDefault();
    step(event.target, event.deltaY < 0 ? 1 : -1);
  }, { passive: false });

  return () => {
    resized.disconnect();
    model.off('change:value', draw);
    model.off('change:answered', answered);
    window.removeEventListener('pointerup', release);
    window.removeEventListener('pointercancel', release);
  };
}

export default { render };
