// An answer meets the photograph around its hole without a pixel of what was erased (editing/seam.py).

import { like, plane, resized } from './planes.js';

const SWEEPS = 6;
const REACH = 2; // how deep, in pixels of the network, the photograph's offset from the answer is felt

// Float planes: the known values and, between them, a steady flow from one to the other. known: Uint8, one value a pixel.
export function membrane(values, known) {
  const { width, height, channels } = values, held = values.data.map((value, i) => (known[Math.floor(i / channels)] ? value : 0));
  if (known.every(Boolean)) return like(values, held);
  if (Math.max(width, height) <= 2) return like(values, withMeans(held, known, channels));
  const wide = (width + 1) >> 1, high = (height + 1) >> 1, sums = plane(wide, high, channels, Float32Array), share = new Float32Array(wide * high);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!known[i]) continue;
      const to = (y >> 1) * wide + (x >> 1);
      share[to] += 0.25;
      for (let c = 0; c < channels; c++) sums.data[channels * to + c] += 0.25 * held[channels * i + c];
    }
  }
  const means = like(sums, sums.data.map((value, i) => value / Math.max(share[Math.floor(i / channels)], 1e-6)));
  const large = resized(membrane(means, Uint8Array.from(share, (part) => (part > 0 ? 1 : 0))), 2 * wide, 2 * high, 'linear');
  let now = plane(width, height, channels, Float32Array).data;
  for (let y = 0; y < height; y++) now.set(large.data.subarray(2 * wide * channels * y, 2 * wide * channels * y + width * channels), width * channels * y);
  hold(now, held, known, channels);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    now = averaged(now, width, height, channels);
    hold(now, held, known, channels);
  }
  return like(values, now);
}

function withMeans(held, known, channels) {
  const count = known.reduce((sum, value) => sum + value, 0), out = held.slice();
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let i = 0; i < known.length; i++) sum += held[channels * i + c];
    for (let i = 0; i < known.length; i++) if (!known[i]) out[channels * i + c] = sum / count;
  }
  return out;
}

function hold(now, held, known, channels) {
  for (let i = 0; i < known.length; i++) if (known[i]) for (let c = channels * i; c < channels * (i + 1); c++) now[c] = held[c];
}

// Each pixel the mean of its four neighbours; at the border it is its own.
function averaged(data, width, height, channels) {
  const out = new Float32Array(data.length), row = width * channels;
  for (let y = 0, i = 0; y < height; y++) {
    const up = y ? -row : 0, down = y < height - 1 ? row : 0;
    for (let x = 0; x < row; x++, i++) out[i] = (data[x < channels ? i : i - channels] + data[x < row - channels ? i + channels : i] + data[i + up] + data[i + down]) / 4;
  }
  return out;
}

// The answer, a float plane, with its offset from the photograph along the hole's border diffused into the hole. pixel: side
// of one of the network's pixels in pixels of the photograph.
export function joined(answer, photo, hole, pixel) {
  if (hole.data.every(Boolean)) return answer;
  const known = hole.data.map((value) => (value ? 0 : 1)), depth = distances(hole), reach = REACH * Math.max(pixel, 1);
  const offset = membrane(like(answer, answer.data.map((value, i) => photo.data[i] - value)), known).data;
  const fading = depth.map((deep) => (deep ? Math.exp(-Math.max(deep - 1, 0) / reach) : 1));
  return like(answer, answer.data.map((value, i) => value + offset[i] * fading[Math.floor(i / answer.channels)]));
}

// The photograph with its hole filled smoothly: what may be enlarged without the erased running into the rest.
export function withoutErased(photo, hole) {
  if (!hole.data.some(Boolean) || hole.data.every(Boolean)) return photo;
  const filled = membrane(like(photo, Float32Array.from(photo.data)), hole.data.map((value) => (value ? 0 : 1)));
  return like(photo, Uint8ClampedArray.from(filled.data)); // which rounds halves to even
}

const NEAR = [[-1, -1, 1], [-1, 0, 0], [-1, 1, 1], [0, -1, 0]], FURTHER = [[-2, -1, 2], [-2, 1, 2], [-1, -2, 2], [-1, 2, 2]]; // rows, columns, kind of step
// Distance to the nearest pixel that is not marked: OpenCV's chamfer in fixed point (DIST_L2, of 3 x 3 or `wide`ly of 5 x 5).
export function distances({ data, width, height }, wide = false) {
  const lengths = (wide ? [1, 1.4, 2.1969] : [0.955, 1.3693]).map((length) => Math.round(length * 65536)), far = 2 ** 29, row = width + 4;
  const steps = wide ? [...NEAR, ...FURTHER] : NEAR, offsets = Int32Array.from(steps, ([down, across]) => down * row + across), costs = Int32Array.from(steps, ([, , kind]) => lengths[kind]);
  const field = new Int32Array(row * (height + 4)).fill(far), out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0, i = (y + 2) * row + 2; x < width; x++, i++) {
      if (!data[y * width + x]) field[i] = 0;
      else for (let k = 0; k < offsets.length; k++) field[i] = Math.min(field[i], field[i + offsets[k]] + costs[k]);
    }
  }
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1, i = (y + 2) * row + 1 + width; x >= 0; x--, i--) {
      if (field[i]) for (let k = 0; k < offsets.length; k++) field[i] = Math.min(field[i], field[i - offsets[k]] + costs[k]);
      out[y * width + x] = Math.min(field[i], far) / 65536;
    }
  }
  return out;
}
