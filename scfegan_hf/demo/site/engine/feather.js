// A mask whose edge fades over some pixels of the photograph: what is repainted, and how much of the answer counts there
// (demo/edits.py and editing/marks.py).

import { blurred } from './filters.js';
import { byte, cropped, like } from './planes.js';

const REACH = 1.6; // of the feather: so far around the mask it is looked for
const NOISE = 0.05, SOFT = [26, 229], LEAST = 3;

// {frame, hole, weight} of a mask, marked or not, over `frame` of a photograph: weights are 0 to 255, null where the edge is hard.
export function feathered(mask, frame, { width, height }, feather) {
  if (!feather) return { frame, hole: mask, weight: null };
  const [x, y, wide, high] = frame, reach = Math.ceil(REACH * feather), x0 = Math.max(x - reach, 0), y0 = Math.max(y - reach, 0);
  const larger = [x0, y0, Math.min(x + wide + reach, width) - x0, Math.min(y + high + reach, height) - y0], own = cropped(mask, [x0, y0, x0 + larger[2], y0 + larger[3]], [x, y]);
  const soft = blurred(like(own, own.data.map((value) => 255 * value)), feather / 2, true), most = soft.data.reduce((most, value) => Math.max(most, value), 0);
  const least = larger[2] === width && larger[3] === height ? soft.data.reduce((least, value) => Math.min(least, value), 255) : 0;
  const hole = like(soft, soft.data.map((value) => (value > (least + most) / 2 ? 1 : 0)));
  const weight = like(soft, soft.data.map((value) => byte(255 * Math.min(Math.max(((value - least) / (most - least) - NOISE) / (1 - 2 * NOISE), 0), 1))));
  return { frame: larger, hole, weight: isSoft(weight, hole) ? weight : null };
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
