// Where an edit looks: holes that go together, a square around each, and the square's layers at the network's size
// (editing/holes.py, editing/crops.py, conditioning.py's context_square). Layers lie over a frame of the photograph.

import { bounds, components, cropped, halfToEven, plane, resized, resizedLines, squared } from './planes.js';
import { withoutErased } from './seam.js';

const SEEN = 512; // which parts are near each other shows at this size too

// Boxes [x0, y0, x1, y1] of holes to edit together, in the pixels of a photograph of {width, height}.
export function holeGroups(hole, frame, { width, height }, mostParts) {
  const scale = Math.max(1, Math.max(height, width) / SEEN), { groups } = components(fromAfar(hole, frame, width, height, scale));
  const tight = ([x0, y0, x1, y1]) => bounds(hole, [x0, y0, x1, y1].map((at, i) => clamped(at - frame[i % 2], i % 2 ? hole.height : hole.width)))
    .map((at, i) => at + frame[i % 2]);
  if (groups.length - 1 > mostParts) return [tight([0, 0, width, height])];
  const margin = scale > 1 ? 1 : 0; // a part's border may lie a small pixel further out
  const boxes = groups.slice(1).map(({ x0, y0, x1, y1 }) => [
    Math.max(Math.trunc((x0 - margin) * scale), 0), Math.max(Math.trunc((y0 - margin) * scale), 0),
    Math.min(Math.ceil((x1 + margin) * scale), width), Math.min(Math.ceil((y1 + margin) * scale), height),
  ]);
  return merged(boxes).map(tight);
}

const clamped = (value, most) => Math.min(Math.max(value, 0), most);

// The hole over the whole photograph made small, as resizedLines would, without a layer of the photograph's size.
function fromAfar(hole, [left, top], width, height, scale) {
  const small = plane(Math.max(halfToEven(width / scale), 1), Math.max(halfToEven(height / scale), 1));
  const reach = Math.max(Math.ceil(Math.max(width / small.width, height / small.height)), 1);
  const first = (at, size, to, corner) => Math.min(Math.floor(at * (1 / (to / size))), size - 1) - corner;
  for (let y = 0, to = 0; y < small.height; y++) {
    const y0 = first(y, height, small.height, top), y1 = clamped(y0 + reach, hole.height);
    for (let x = 0; x < small.width; x++, to++) {
      const x0 = first(x, width, small.width, left), x1 = clamped(x0 + reach, hole.width);
      for (let v = Math.max(y0, 0); v < y1 && !small.data[to]; v++) {
        for (let u = Math.max(x0, 0); u < x1; u++) if (hole.data[v * hole.width + u]) small.data[to] = 1;
      }
    }
  }
  return small;
}

// Boxes whose surroundings overlap are one.
function merged(boxes) {
  for (let i = 0; i < boxes.length; i++) {
    for (let j = i + 1; j < boxes.length; j++) {
      if (!near(boxes[i], boxes[j])) continue;
      const a = boxes[i], [b] = boxes.splice(j, 1);
      boxes[i] = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
      return merged(boxes);
    }
  }
  return boxes;
}

// Whether the gap between two boxes is less than the longer side of the larger one.
function near(a, b) {
  const reach = Math.max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1]);
  return Math.max(b[0] - a[2], a[0] - b[2]) < reach && Math.max(b[1] - a[3], a[1] - b[3]) < reach;
}

export function contextSquare([x0, y0, x1, y1], { width, height }, context, smallest) {
  const side = Math.min(Math.max(Math.ceil(context * Math.max(x1 - x0, y1 - y0)), smallest), Math.max(height, width));
  const place = (low, high, limit) => {
    if (side >= limit) return [0, limit];
    const start = Math.min(Math.max(Math.floor((low + high - side) / 2), 0), limit - side);
    return [start, start + side];
  };
  const [left, right] = place(x0, x1, width), [top, bottom] = place(y0, y1, height);
  return [left, top, right, bottom];
}

// The square's layers at `work` pixels, as the graph takes them: planes of float32, image and colour in [-1, 1]. seen and
// erased: the photograph's square and what is erased of it, not yet mirrored to a square.
export function shrunk(seen, erased, layers, frame, box, work) {
  const side = Math.max(seen.width, seen.height), square = (layer) => squared(cropped(layer, box, frame), side);
  const known = side < work ? withoutErased(seen, erased) : seen; // enlarged, an erased pixel would run into those around it
  const picture = resized(squared(known, side), work, work, side > work ? 'area' : 'cubic');
  const marks = (layer) => Float32Array.from(resizedLines(layer, work, work).data);
  return {
    image: channelsFirst(picture), mask: marks(squared(erased, side)), sketch: marks(square(layers.lines)),
    ...colours(square(layers.paint), square(layers.painted), work),
  };
}

// Colours are the means of what is painted in a pixel of the network's, which counts as painted from a quarter on.
function colours(paint, painted, work) {
  const soft = plane(paint.width, paint.height, 3, Float32Array);
  soft.data.forEach((_, i) => { soft.data[i] = painted.data[Math.floor(i / 3)] ? paint.data[i] : 0; });
  const sums = resized(soft, work, work, 'area').data, weights = resized({ ...painted, data: Float32Array.from(painted.data) }, work, work, 'area').data;
  const mean = plane(work, work, 3);
  mean.data.forEach((_, i) => { mean.data[i] = Math.min(halfToEven(sums[i] / Math.max(weights[Math.floor(i / 3)], 1e-6)), 255); });
  return { color: channelsFirst(mean), color_mask: weights.map((weight) => (weight > 0.25 ? 1 : 0)) };
}

function channelsFirst({ data, width, height }) {
  const count = width * height, out = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) out[c * count + i] = data[3 * i + c] / 127.5 - 1;
  return out;
}
