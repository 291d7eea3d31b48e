// The page: it puts picture, network, layers and answer together.

import { Network, bytesOf, occlusion } from './engine.js';
import { Layers, number, paintSigned } from './maps.js';
import { Pad, el, paint } from './picture.js';

const $ = id => document.getElementById(id);
const percent = share => `${(100 * share).toFixed(1)}%`;

// The network of a page, and what else the page holds; raises an error that says what is damaged.
function read(text) {
  try {
    const page = JSON.parse(text);
    return [page, new Network(page)];
  } catch (error) {
    throw new Error(`The weights are damaged or cut off (${error.message}). Get the file anew, or make it anew.`);
  }
}

async function start() {
  const [page, network] = read($('page').textContent);
  const [channels, height, width] = network.input, each = channels * height * width;
  let made = null, other = null, layers = null, waiting = false, version = 0, speaking = 0;

  // ---- the answer
  const rows = network.classes.map(name => {
    const bars = ['bar', 'bar other'].map(className => el('div', { className }, el('i'), el('b')));
    bars[1].hidden = true;
    return { row: el('tr', {}, el('th', { scope: 'row', textContent: name }), el('td', {}, ...bars)), bars };
  });
  $('probabilities').tBodies[0].append(...rows.map(({ row }) => row));
  const show = (probabilities, which) => rows.forEach(({ bars }, i) => {
    bars[which].hidden = false;
    bars[which].firstChild.style.width = percent(probabilities[i]);
    bars[which].lastChild.textContent = percent(probabilities[i]);
  });
  const best = probabilities => probabilities.indexOf(Math.max(...probabilities));
  const compute = () => {
    waiting = false;
    network.run(pad.pixels, made);
    const probabilities = network.probabilities(made), first = best(probabilities);
    show(probabilities, 0);
    rows.forEach(({ row }, i) => row.classList.toggle('first', i === first));
    const words = `${network.classes[first]}, ${percent(probabilities[first])}`;
    $('probabilities').caption.textContent = words;
    if (other) show(other.probabilities(other.run(pad.pixels)), 1);
    layers?.draw(made);
    clearTimeout(speaking);
    speaking = setTimeout(() => { $('spoken').textContent = words; }, 700);
  };
  const changed = () => {
    version++;
    $('because').parentElement.hidden = $('progress').hidden = true;
    for (const button of $('examples').children) button.ariaPressed = String(button.chosen(pad.pixels));
    if (!waiting) requestAnimationFrame(compute);
    waiting = true;
  };
  const pad = new Pad(network.input, changed);

  // ---- the first answer stands there before the rest of the page is drawn
  const bytes = bytesOf(page.images.pixels);
  const picture = i => new Float64Array(bytes.subarray(i * each, (i + 1) * each)).map(byte => byte / 255);
  const control = network.probabilities(made = network.run(picture(0)));
  if (control.some((value, i) => !(Math.abs(value - page.control[i]) < 1e-3)))
    $('trouble').textContent = 'This page does not compute what PyTorch computed when it was made: make it anew.';
  globalThis.network = network; // for the console: network.run(pixels), network.probabilities(...)
  pad.choose(picture(0));
  compute();
  document.querySelector('main').hidden = false;
  await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));

  // ---- pictures to choose
  page.images.labels.forEach((label, number) => {
    const canvas = el('canvas'), pixels = picture(number), ariaLabel = `picture ${number + 1}: ${label}`;
    const button = el('button', { type: 'button', title: label, ariaLabel }, canvas);
    paint(canvas, pixels, network.input);
    button.chosen = shown => pixels.every((value, i) => value === shown[i]);
    button.addEventListener('click', () => pad.choose(pixels));
    $('examples').append(button);
  });
  $('source').textContent = page.images.source;
  layers = new Layers(network, pad);
  changed();

  // ---- why
  $('why').addEventListener('click', async () => {
    const begun = ++version, probabilities = network.probabilities(made), label = best(probabilities);
    $('progress').hidden = false;
    let turn = performance.now();
    for (const { done, drops } of occlusion(network, pad.pixels.slice(), label)) {
      if (performance.now() - turn > 30 || drops) {
        $('progress').value = done;
        await new Promise(resolve => setTimeout(resolve));
        if (begun !== version) break;
        turn = performance.now();
      }
      if (drops) {
        paintSigned($('heat'), drops, width, height);
        const most = Math.max(...drops), at = drops.indexOf(most), name = network.classes[label];
        $('because').textContent = most > 0.005
          ? `Covering red pixels makes “${name}” less probable, blue ones more: most at `
            + `row ${Math.floor(at / width)}, column ${at % width}, by ${percent(most)} in the mean of all pieces over it.`
          : `No piece of 4 × 4 pixels takes more than 0.5% from “${name}” when it is covered.`;
        $('because').parentElement.hidden = false;
      }
    }
    if (begun === version) $('progress').hidden = true;
  });

  // ---- mine and yours
  const compare = async file => {
    try {
      const theirPage = new DOMParser().parseFromString(await file.text(), 'text/html');
      const text = theirPage.getElementById('page')?.textContent;
      if (!text) throw new Error(`${file.name} is no page of a network.`);
      const [, theirs] = read(text);
      if (String(theirs.input) !== String(network.input) || String(theirs.classes) !== String(network.classes))
        throw new Error(`${theirs.title} cannot be compared: it takes other images, or knows other classes.`);
      other = theirs;
      $('compared').textContent = `Above, in blue: ${network.title}. Below, in orange: ${theirs.title}.`;
      changed();
    } catch (error) {
      $('compared').textContent = error.message;
    }
  };
  $('other').addEventListener('change', event => event.target.files[0] && compare(event.target.files[0]));
  for (const name of ['dragover', 'dragleave', 'drop']) document.addEventListener(name, event => {
    event.preventDefault();
    document.body.classList.toggle('dropping', name === 'dragover');
    if (name === 'drop' && event.dataTransfer.files[0]) compare(event.dataTransfer.files[0]);
  });
}

start().catch(error => { $('trouble').textContent = error.message; });
