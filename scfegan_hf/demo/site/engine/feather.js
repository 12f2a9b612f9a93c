// A mask whose edge fades over some pixels of the photograph: what is repainted, and how much of the answer counts there
// (demo/edits.py and editing/marks.py).

import { byte, cropped, like, plane } from './planes.js';

const PASSES = 3;
const NOISE = 0.05, SOFT = [26, 229], LEAST = 3;

// {frame, hole, weight} of a mask, marked or not, over `frame` of a photograph: weights are 0 to 255, null where the edge is hard.
export function feathered(mask, frame, { width, height }, feather) {
  if (!feather) return { frame, hole: mask, weight: null };
  const [x, y, wide, high] = frame, radius = boxRadius(feather / 2), reach = PASSES * (Math.floor(radius) + 1), x0 = Math.max(x - reach, 0), y0 = Math.max(y - reach, 0);
  const larger = [x0, y0, Math.min(x + wide + reach, width) - x0, Math.min(y + high + reach, height) - y0], own = cropped(mask, [x0, y0, x0 + larger[2], y0 + larger[3]], [x, y]);
  const soft = boxBlurred(like(own, own.data.map((value) => 255 * value)), radius), most = soft.data.reduce((most, value) => Math.max(most, value), 0);
  const least = larger[2] === width && larger[3] === height ? soft.data.reduce((least, value) => Math.min(least, value), 255) : 0;
  const hole = like(soft, soft.data.map((value) => (value > (least + most) / 2 ? 1 : 0)));
  const weight = like(soft, soft.data.map((value) => byte(255 * Math.min(Math.max(((value - least) / (most - least) - NOISE) / (1 - 2 * NOISE), 0), 1))));
  return { frame: larger, hole, weight: isSoft(weight, hole) ? weight : null };
}

// Pillow's GaussianBlur: boxes over pixels and parts of pixels, three times along the rows and then down the columns (Gwosdek
// et al. 2011, extended box filters), rounded each time.
function boxRadius(sigma) {
  const each = (sigma * sigma) / PASSES, whole = Math.floor((Math.sqrt(12 * each + 1) - 1) / 2);
  return whole + ((2 * whole + 1) * (whole * (whole + 1) - 3 * each)) / (6 * (each - (whole + 1) ** 2));
}

export function boxBlurred(source, radius) {
  const { width, height } = source;
  let [from, to] = [source.data, plane(width, height).data];
  const pass = (lines, start, stride, count) => {
    for (let line = 0; line < lines; line++) boxLine(from, to, start(line), stride, count, radius);
    [from, to] = [to, from === source.data ? new Uint8Array(to.length) : from];
  };
  for (let i = 0; i < PASSES; i++) pass(height, (row) => row * width, 1, width);
  for (let i = 0; i < PASSES; i++) pass(width, (column) => column, width, height);
  return like(source, from);
}

const ONE = 2 ** 24;
function boxLine(from, to, start, stride, count, radius) {
  const reach = Math.floor(radius), full = Math.floor(ONE / (2 * radius + 1)), part = Math.floor((ONE - (2 * reach + 1) * full) / 2);
  const at = (i) => from[start + stride * Math.min(Math.max(i, 0), count - 1)];
  let sum = 0;
  for (let i = -reach; i <= reach; i++) sum += at(i);
  for (let i = 0; i < count; i++) {
    to[start + stride * i] = Math.floor((sum * full + (at(i - reach - 1) + at(i + reach + 1)) * part) / ONE + 0.5);
    sum += at(i + reach + 1) - at(i - reach);
  }
}

// Narrower borders are antialiasing.
function isSoft(weight, { data, width, height }) {
  let border = 0, between = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (weight.data[i] >= SOFT[0] && weight.data[i] <= SOFT[1]) between++;
      const inner = data[i] && (x ? data[i - 1] : 1) && (x < width - 1 ? data[i + 1] : 1) && (y ? data[i - width] : 1) && (y < height - 1 ? data[i + width] : 1);
      if (data[i] && !inner) border++;
    }
  }
  return between > LEAST * Math.max(border, 1);
}
