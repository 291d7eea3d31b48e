// The arithmetic of a network: what each step makes of an image, and what each value is made of.
//
// A step has its name in `op`, its sources in `from` (-1: the image), and the shape of what it makes of
// one image. All values are doubles, in the order of PyTorch's tensors.

export const size = shape => shape.reduce((product, side) => product * side, 1);

// ---- weights: a safetensors file (eight bytes that tell the length of a header in JSON, the header,
// the numbers), in base64, with a checksum beside it

// Adler-32, as in RFC 1950.
function checksumOf(bytes) {
  let a = 1, b = 0;
  for (let i = 0; i < bytes.length; a %= 65521, b %= 65521)
    for (const end = Math.min(i + 3800, bytes.length); i < end; i++) b += a += bytes[i];
  return b * 65536 + a;
}

export function bytesOf(base64) {
  const text = atob(base64);
  return new Uint8Array(text.length).map((_, i) => text.charCodeAt(i));
}

function readWeights({ base64, checksum }) {
  const bytes = bytesOf(base64);
  if (checksumOf(bytes) !== checksum) throw new Error('the checksum of the weights is another one');
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const weights = new Map();
  for (const [name, { dtype, data_offsets: [from, to] }] of Object.entries(header)) {
    const part = bytes.slice(start + from, start + to).buffer;
    weights.set(name, dtype === 'I32' ? new Int32Array(part) : new Float64Array(new Float32Array(part)));
  }
  return weights;
}

// ---- functions of one number

// The error function, to 1.5e-7: Abramowitz & Stegun, 7.1.26.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const sum = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce((a, b) => a * t + b);
  return Math.sign(x) * (1 - sum * t * Math.exp(-x * x));
}

const SELU = [1.0507009873554805, 1.6732632423543772]; // scale and alpha, as in the paper
const sigmoid = x => 1 / (1 + Math.exp(-x));
const softplus = x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const between = (x, low, high) => Math.min(Math.max(x, low), high);
const UNARY = {
  relu: x => Math.max(x, 0), relu6: x => between(x, 0, 6), leaky_relu: (x, slope) => x > 0 ? x : slope * x,
  elu: (x, alpha) => x > 0 ? x : alpha * Math.expm1(x),
  celu: (x, alpha) => x > 0 ? x : alpha * Math.expm1(x / alpha),
  selu: x => SELU[0] * (x > 0 ? x : SELU[1] * Math.expm1(x)),
  gelu: (x, kind) => kind === 'tanh'
    ? x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
    : x / 2 * (1 + erf(x / Math.SQRT2)),
  silu: x => x * sigmoid(x), mish: x => x * Math.tanh(softplus(x)), sigmoid, log_sigmoid: x => -softplus(-x),
  softplus: (x, beta, threshold) => x * beta > threshold ? x : softplus(x * beta) / beta,
  hardtanh: between, clamp: (x, low, high) => between(x, low ?? -Infinity, high ?? Infinity),
  hardswish: x => x * between(x + 3, 0, 6) / 6, hardsigmoid: x => between(x + 3, 0, 6) / 6,
  softsign: x => x / (1 + Math.abs(x)), tanhshrink: x => x - Math.tanh(x),
  threshold: (x, threshold, value) => x > threshold ? x : value, hardshrink: (x, lambda) => Math.abs(x) > lambda ? x : 0,
  softshrink: (x, lambda) => Math.sign(x) * Math.max(Math.abs(x) - lambda, 0),
  neg: x => -x, rsqrt: x => 1 / Math.sqrt(x), square: x => x * x, reciprocal: x => 1 / x, erf,
};
UNARY.clip = UNARY.clamp;
for (const name of ['abs', 'exp', 'log', 'sqrt', 'sign', 'sin', 'cos', 'tanh', 'log1p', 'expm1'])
  UNARY[name] = Math[name];

const BINARY = {
  add: (a, b, alpha) => a + alpha * b, sub: (a, b, alpha) => a - alpha * b, mul: (a, b) => a * b,
  div: (a, b) => a / b, pow: (a, b) => a ** b, maximum: (a, b) => Math.max(a, b), minimum: (a, b) => Math.min(a, b),
  prelu: (a, b) => a > 0 ? a : b * a,
};

// ---- where a value is from

// For each value of `shape`, which value of `given` stands in the same place, as in broadcasting.
function broadcast(given, shape) {
  const padded = [...Array(shape.length - given.length).fill(1), ...given];
  const places = new Int32Array(size(shape));
  for (let i = 0; i < places.length; i++) {
    let rest = i, step = 1, place = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = rest % shape[axis];
      rest = (rest - at) / shape[axis];
      if (padded[axis] > 1) place += at * step;
      step *= padded[axis];
    }
    places[i] = place;
  }
  return places;
}

// The rows (axis 0) or columns (1) that the window above row or column `at` covers; adaptive without a kernel.
function span(step, axis, at) {
  const { kernel, stride, padding, dilation } = step, [h, H] = [step.given[0][axis + 1], step.shape[axis + 1]];
  const from = kernel ? at * stride[axis] - padding[axis] : Math.floor(at * h / H), gap = kernel ? dilation[axis] : 1;
  const length = kernel ? kernel[axis] : Math.ceil((at + 1) * h / H) - from;
  return Array.from({ length }, (_, i) => from + i * gap);
}

// Calls `see(place, row, column)` for each place of the window above one value; it is -1 in the padding.
function window2d(step, row, column, plane, see) {
  const [, h, w] = step.given[0], columns = span(step, 1, column);
  span(step, 0, row).forEach((y, i) => columns.forEach((x, j) =>
    see(y < 0 || y >= h || x < 0 || x >= w ? -1 : (plane * h + y) * w + x, i, j)));
}

// By how much a mean is divided: padding counts or not, but never what is beyond it.
function divisor(step, ...place) {
  const counted = place.map((at, axis) => span(step, axis, at).filter(y =>
    y < step.given[0][axis + 1] + (step.counted ? step.padding[axis] : 0) && (y >= 0 || step.counted)).length);
  return step.divisor || size(counted);
}

const place3 = ([, H, W], index) => [Math.floor(index / (H * W)), Math.floor(index / W) % H, index % W];

// The largest of what each value reads, or the sum where there are factors; which these are, is noted once.
function pooled(step, [x], out) {
  const { places, factors, ends } = step.read ??= { places: [], factors: [], ends: [] };
  for (let i = ends.length; i < out.length; i++) {
    this.reads(step, i, (_, place, factor) => { if (place >= 0) places.push(place), factors.push(factor); });
    ends.push(places.length);
  }
  for (let i = 0, n = 0; i < out.length; i++) {
    let value = step.f === 'max' ? -Infinity : 0;
    for (; n < ends[i]; n++)
      value = step.f === 'max' ? Math.max(value, x[places[n]]) : value + factors[n] * x[places[n]];
    out[i] = value;
  }
}

// The sum of `count` products, in parts, so that fewer additions wait for the one before.
function dot(a, i, b, j, count) {
  let sum = 0, other = 0;
  for (; count > 3; count -= 4, i += 4, j += 4) {
    sum += a[i] * b[j] + a[i + 1] * b[j + 1];
    other += a[i + 2] * b[j + 2] + a[i + 3] * b[j + 3];
  }
  for (; count > 0; count--, i++, j++) sum += a[i] * b[j];
  return sum + other;
}

// Each operation: `compute(step, sources, out)` fills out; `reads(step, index, see)` calls
// `see(number, place, weight)` for each value of source `number` that goes into value `index`, with
// the factor that it has in the sum, if it is one.

export const OPERATIONS = {
  conv: {
    // Only where a window holds other values than the last time, if that made the same `out`.
    compute(step, [x], out) {
      const [K, H, W] = step.shape, [, h, w] = step.given[0], { weight, bias } = step.values;
      const [sy, sx] = step.stride, [dy, dx] = step.dilation, [py, px] = step.padding, [ky, kx] = step.kernel;
      const each = step.channels, many = K / step.groups, count = each * ky * kx, all = step.last !== out;
      const windows = step.windows ??= new Float64Array(step.groups * H * W * count);
      step.last = out;
      for (let first = 0, n = 0; first < K; first += many) for (let at = 0; at < H * W; at++) {
        let other = all;
        for (let c = first / many * each, end = c + each; c < end; c++)
          for (let i = 0, y = Math.floor(at / W) * sy - py; i < ky; i++, y += dy)
            for (let j = 0, z = at % W * sx - px; j < kx; j++, z += dx, n++) {
              const value = y < 0 || y >= h || z < 0 || z >= w ? 0 : x[(c * h + y) * w + z];
              if (value !== windows[n]) other = true, windows[n] = value;
            }
        for (let k = first; other && k < first + many; k++)
          out[k * H * W + at] = bias[k] + dot(weight, k * count, windows, n - count, count);
      }
    },
    reads(step, index, see) {
      const [k, row, column] = place3(step.shape, index), each = step.channels, [ky, kx] = step.kernel;
      const first = Math.floor(k / (step.shape[0] / step.groups)) * each;
      for (let c = 0; c < each; c++)
        window2d(step, row, column, first + c, (place, i, j) =>
          see(0, place, step.values.weight[((k * each + c) * ky + i) * kx + j]));
      return step.values.bias[k];
    },
  },
  linear: {
    compute(step, [x], out) {
      const { weight, bias } = step.values, F = step.given[0].at(-1), K = bias.length;
      for (let i = 0; i < out.length; i++)
        out[i] = bias[i % K] + dot(weight, i % K * F, x, (i - i % K) / K * F, F);
    },
    reads(step, index, see) {
      const { weight, bias } = step.values, F = step.given[0].at(-1), K = bias.length;
      for (let j = 0; j < F; j++) see(0, (index - index % K) / K * F + j, weight[index % K * F + j]);
      return bias[index % K];
    },
  },
  pool: {
    compute: pooled,
    reads(step, index, see) {
      const [plane, row, column] = place3(step.shape, index);
      const factor = step.f === 'max' ? undefined : 1 / divisor(step, row, column);
      window2d(step, row, column, plane, place => see(0, place, factor));
    },
  },
  scale: {
    compute(step, [x], out) {
      const { factor, shift } = step.values, each = out.length / step.shape[0];
      for (let c = 0, i = 0; c < step.shape[0]; c++)
        for (const end = i + each; i < end; i++) out[i] = x[i] * factor[c] + shift[c];
    },
    reads(step, index, see) {
      const c = Math.floor(index / (size(step.shape) / step.shape[0]));
      see(0, index, step.values.factor[c]);
      return step.values.shift[c];
    },
  },
  norm: {
    compute(step, [x], out) {
      const { weight, bias } = step.values, each = out.length / step.shape[0];
      for (let from = 0; from < out.length; from += step.block) {
        const block = x.subarray(from, from + step.block);
        const mean = block.reduce((a, b) => a + b, 0) / step.block;
        const variance = block.reduce((a, b) => a + (b - mean) ** 2, 0) / step.block;
        for (let i = 0; i < step.block; i++) {
          const at = step.by_value ? i : Math.floor((from + i) / each);
          out[from + i] = (block[i] - mean) / Math.sqrt(variance + step.eps) * weight[at] + bias[at];
        }
      }
    },
    reads(step, index, see) {
      const from = index - index % step.block;
      for (let i = from; i < from + step.block; i++) see(0, i);
    },
  },
  softmax: {
    compute(step, [x], out) {
      for (let index = 0; index < out.length; index++) {
        let most = -Infinity, sum = 0;
        this.reads(step, index, (_, i) => { most = Math.max(most, x[i]); });
        this.reads(step, index, (_, i) => { sum += Math.exp(x[i] - most); });
        out[index] = step.log ? x[index] - most - Math.log(sum) : Math.exp(x[index] - most) / sum;
      }
    },
    reads(step, index, see) {
      const stride = size(step.shape.slice(step.axis + 1)), count = step.shape[step.axis];
      const first = index - Math.floor(index / stride) % count * stride;
      for (let n = 0; n < count; n++) see(0, first + n * stride);
    },
  },
  unary: {
    compute(step, [x], out) {
      const f = UNARY[step.f], [a, b] = step.settings;
      for (let i = 0; i < out.length; i++) out[i] = f(x[i], a, b);
    },
    reads: (step, index, see) => see(0, index),
  },
  binary: {
    compute(step, sources, out) {
      const f = BINARY[step.f], operand = ({ source, number }, values) =>
        source !== undefined ? sources[source] : number !== undefined ? [number] : values;
      const a = operand(step.a, step.values.a_values), b = operand(step.b, step.values.b_values);
      for (let i = 0; i < out.length; i++) out[i] = f(a[step.places.a[i]], b[step.places.b[i]], step.alpha);
    },
    reads(step, index, see) {
      for (const name of ['a', 'b'])
        if (step[name].source !== undefined) see(step[name].source, step.places[name][index]);
    },
  },
  reduce: {
    compute(step, [x], out) {
      const f = { max: Math.max, min: Math.min }[step.f] ?? ((a, b) => a + b);
      out.fill({ max: -Infinity, min: Infinity }[step.f] ?? 0);
      for (let i = 0; i < x.length; i++) out[step.places[i]] = f(out[step.places[i]], x[i]);
      if (step.f === 'mean') for (let i = 0; i < out.length; i++) out[i] *= out.length / x.length;
    },
    reads(step, index, see) {
      const factor = { mean: size(step.shape) / step.places.length, sum: 1 }[step.f];
      step.places.forEach((place, i) => { if (place === index) see(0, i, factor); });
    },
  },
  take: { // values of the sources, one behind the other, as `index` tells; without it, all of them
    compute(step, sources, out) {
      const { fixed, index } = step.values;
      if (fixed) out.set(fixed);
      let at = 0;
      if (!index) for (const source of sources) out.set(source, at), at += source.length;
      for (let i = 0; index && i < out.length; i++)
        this.reads(step, i, (number, place) => { out[i] = sources[number][place]; });
    },
    reads(step, i, see) {
      const { index } = step.values;
      let place = index ? index[i] : i, number = 0;
      if (place < 0) return;
      for (; place >= step.sizes[number]; number++) place -= step.sizes[number];
      see(number, place);
    },
  },
};

OPERATIONS.adaptive = OPERATIONS.pool;

// What a step needs to know besides what the page tells, once for all images.
function prepare(step, steps, input, weights) {
  step.given = step.from.map(place => place < 0 ? input : steps[place].shape);
  step.sizes = step.given.map(size);
  step.values = {};
  for (const [key, value] of Object.entries(step))
    if (weights.has(value)) step.values[key] = weights.get(value);
  if (step.op === 'conv') step.channels = step.given[0][0] / step.groups;
  if (step.op === 'binary')
    step.places = { a: broadcast(step.a.shape, step.shape), b: broadcast(step.b.shape, step.shape) };
  if (step.op === 'reduce')
    step.places = broadcast(step.given[0].map((side, axis) => step.axes.includes(axis) ? 1 : side), step.given[0]);
}

export class Network {
  // Raises an error if the weights are damaged.
  constructor(page) {
    Object.assign(this, { title: page.title, classes: page.classes, input: page.input, certain: page.certain });
    const weights = readWeights(page.weights);
    this.steps = page.steps.map(step => ({ ...step }));
    for (const step of this.steps) prepare(step, this.steps, this.input, weights);
  }

  // What each step makes of an image, in arrays that are made anew or are given to be filled.
  run(image, made = this.steps.map(step => new Float64Array(size(step.shape)))) {
    this.steps.forEach((step, number) => {
      const sources = step.from.map(place => place < 0 ? image : made[place]);
      OPERATIONS[step.op].compute(step, sources, made[number]);
    });
    return made;
  }

  probabilities(made) {
    const scores = Array.from(made.at(-1));
    if (this.certain) return scores;
    const most = Math.max(...scores), powers = scores.map(score => Math.exp(score - most));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map(power => power / sum);
  }

  // Which values of each step, and of the image (at -1), value `index` of step `number` hangs on: arrays
  // with a 1 for each that does.
  seen(number, index) {
    const marks = new Map([[number, new Uint8Array(size(this.steps[number].shape))]]);
    marks.get(number)[index] = 1;
    for (let place = number; place >= 0; place--) {
      const step = this.steps[place], mine = marks.get(place);
      if (!mine) continue;
      step.from.forEach((from, source) => marks.has(from) || marks.set(from, new Uint8Array(step.sizes[source])));
      let left = [...new Set(step.from)].flatMap(from => [...marks.get(from)]).filter(mark => !mark).length;
      for (let i = 0; left && i < mine.length; i++)
        if (mine[i]) OPERATIONS[step.op].reads(step, i, (source, at) => {
          const theirs = marks.get(step.from[source]);
          if (at >= 0 && !theirs[at]) left -= theirs[at] = 1;
        });
    }
    return marks;
  }
}

// How much the probability of class `label` drops when a square of `side` pixels is set to 0, in the mean
// over all squares that cover a pixel (Zeiler & Fergus, 2014). Gives, again and again, the share that is done,
// and in the end the drops, [H, W].
export function* occlusion(network, image, label, side = 4) {
  const [channels, height, width] = network.input;
  const drops = new Float64Array(height * width), count = new Float64Array(height * width);
  const made = network.run(image), before = network.probabilities(made)[label], covered = new Float64Array(image);
  side = Math.min(side, height, width);
  const each = see => { for (let i = 0; i < side * side; i++) see(Math.floor(i / side) * width + i % side); };
  for (let top = 0; top <= height - side; top++) {
    for (let left = 0; left <= width - side; left++) {
      const corner = top * width + left;
      let same = true;
      covered.set(image);
      for (let c = 0; c < channels; c++) each(i => {
        const place = c * height * width + corner + i;
        if (covered[place] !== 0) same = false;
        covered[place] = 0;
      });
      const drop = same ? 0 : before - network.probabilities(network.run(covered, made))[label];
      each(i => { drops[corner + i] += drop; count[corner + i]++; });
      yield { done: (corner + 1) / (height * width) };
    }
  }
  yield { done: 1, drops: drops.map((drop, i) => drop / count[i]) };
}
