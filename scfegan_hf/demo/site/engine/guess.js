// Colours for a part of a face that was erased and not drawn: what the face around it lets one expect (editing/guess.py).

import { greyed } from './edit.js';
import { cutFrame, ffhqFrame, fromSquare, inverse, mean, moved, sideOf, within } from './frames.js';
import { findFaces, seenIn } from './parts.js';
import { byte, like, plane, resized } from './planes.js';
import { guessed } from './prior.js';

const SEEN = 256; // pixels at which the frame is cut out before it is made small
const found = new WeakMap(); // frames by photograph

// For the face that most of a hole lies in: {colors, context}; null where it lies in none. seen: the photograph, grey where nothing
// is to be seen; small: the same made small, in which faces are looked for; hole: a layer over its pixels from `corner` on; unseen:
// a layer of its size, or null; prior: async, what priorOf gives, asked for where it is needed.
export async function guesserOf(small, seen, hole, corner, unseen, look, cascade, prior, { annotator, guess: own }) {
  const frames = await framesOf(seen, small, look, cascade, annotator), { width, height } = seen, whole = plane(width, height), size = hole.data.reduce((sum, value) => sum + value, 0);
  hole.data.forEach((value, i) => { whole.data[(corner[1] + Math.floor(i / hole.width)) * width + corner[0] + (i % hole.width)] = value; });
  let [best, most] = [null, own.within];
  for (const frame of frames) {
    const [x0, y0, x1, y1] = own.face.map((part) => Math.round(part * SEEN)), inside = warped(whole, fromSquare(frame, SEEN), 0);
    let count = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) if (inside.data[y * SEEN + x] > 0.5) count++;
    const share = (count * (sideOf(frame) / SEEN) ** 2) / size;
    if (share >= most) [best, most] = [frame, share];
  }
  if (!best) return null;
  const { labels, points } = await seenIn(seen, best, look, annotator);
  if (!isFace(points, labels, best, annotator, own.agreed)) return null;
  const frame = ffhqFrame(points, annotator), given = faceIn(seen, whole, unseen, frame, own), gaussian = await prior();
  return {
    colors: (generator) => colorsOver(hole, corner, frame, guessed(gaussian, given.face, given.unknown, generator?.normal(gaussian.count)), gaussian.side),
    context: (box, wanted) => {
      const near = frames.filter((each) => touches(each, box)).sort((a, b) => away(a, box) - away(b, box))[0];
      return near ? Math.min(wanted, Math.max(sideOf(near) / Math.max(box[2] - box[0], box[3] - box[1]), own.closest)) : wanted;
    },
  };
}

async function framesOf(photo, small, look, cascade, annotator) {
  if (!found.has(photo)) {
    const scale = photo.width / small.width, frames = await findFaces(small, look, cascade, annotator);
    found.set(photo, frames.map((frame) => frame.map((point) => point.map((at) => at * scale))));
  }
  return found.get(photo);
}

const away = (frame, [x0, y0, x1, y1]) => Math.hypot(mean(frame)[0] - (x0 + x1) / 2, mean(frame)[1] - (y0 + y1) / 2);

// Whether a frame and an upright box have an area in common: no line along a side of either is between them.
function touches(frame, [x0, y0, x1, y1]) {
  const [corner, below, , right] = frame, box = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  const axes = [[1, 0], [0, 1], ...[right, below].map((end) => [end[0] - corner[0], end[1] - corner[1]])];
  return axes.every(([ax, ay]) => {
    const [a, b] = [frame, box].map((corners) => corners.map(([x, y]) => x * ax + y * ay));
    return Math.min(...a) < Math.max(...b) && Math.min(...b) < Math.max(...a);
  });
}

// A layer seen in a square of SEEN pixels, with values between 0 and 1; `beyond`: what lies outside the photograph.
function warped({ data, width, height }, map, beyond) {
  const out = plane(SEEN, SEEN, 1, Float32Array), at = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? beyond : data[y * width + x]);
  for (let y = 0, to = 0; y < SEEN; y++) {
    for (let x = 0; x < SEEN; x++) {
      const [u, v] = moved(map, [x, y]), left = Math.floor(u), top = Math.floor(v), fx = u - left, fy = v - top;
      out.data[to++] = (at(left, top) * (1 - fx) + at(left + 1, top) * fx) * (1 - fy) + (at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx) * fy;
    }
  }
  return out;
}

// Whether the regions say as the landmarks do where lips are, or an eye; on walls and cloth they do not.
function isFace(points, labels, frame, { face_side: side, finer, labels: names, outer_lips: lips, left_eye: left, right_eye: right }, agreed) {
  const back = inverse(fromSquare(frame, side)), size = side * finer, own = points.map((point) => moved(back, point).map((at) => (at + 0.5) * finer - 0.5));
  return [[lips, ['lips', 'mouth']], [left, ['eyes', 'iris']], [right, ['eyes', 'iris']]].some(([group, wanted]) => {
    const corners = own.slice(...group), numbers = wanted.map((name) => names.indexOf(name)), [low, high] = [Math.min, Math.max].map((most) => [0, 1].map((axis) => most(...corners.map((point) => point[axis]))));
    let [inside, alike] = [0, 0];
    for (let y = Math.max(Math.ceil(low[1]), 0); y <= Math.min(high[1], size - 1); y++) {
      for (let x = Math.max(Math.ceil(low[0]), 0); x <= Math.min(high[0], size - 1); x++) {
        if (!within(corners, [x, y])) continue;
        inside++;
        if (numbers.includes(labels[y * size + x])) alike++;
      }
    }
    return inside > 0 && alike > agreed * inside;
  });
}

// The face in its frame at the prior's size, in [-1, 1], and what of it is unknown.
function faceIn(seen, hole, unseen, frame, { side, touched }) {
  const unknown = like(hole, unseen ? hole.data.map((value, i) => value | unseen.data[i]) : hole.data), grey = greyed(seen, unknown); // making it small mixes neighbours
  const gone = resized(warped(unknown, fromSquare(frame, SEEN), 1), side, side, 'area'), some = like(gone, Uint8Array.from(gone.data, (share) => (share > touched ? 1 : 0)));
  return { face: Float32Array.from(cutFrame(grey, frame, side).data, (value) => value / 127.5 - 1), unknown: widened(some).data };
}

// By one pixel all around, corners too.
function widened({ data, width, height }) {
  const out = plane(width, height);
  data.forEach((value, i) => {
    if (!value) return;
    const x = i % width, y = Math.floor(i / width);
    for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) out.data[v * width + u] = 1;
  });
  return out;
}

// The guess as layers over the hole: colours, and where they are given.
function colorsOver(hole, [left, top], frame, values, side) {
  const large = resized({ data: values, width: side, height: side, channels: 3 }, SEEN, SEEN, 'cubic').data.map((value) => byte((value + 1) * 127.5));
  const map = inverse(fromSquare(frame, SEEN)), paint = plane(hole.width, hole.height, 3), painted = plane(hole.width, hole.height), last = SEEN - 1, edge = (at) => Math.min(Math.max(at, 0), last);
  hole.data.forEach((marked, i) => {
    if (!marked) return;
    const [u, v] = moved(map, [left + (i % hole.width), top + Math.floor(i / hole.width)]), x = Math.floor(u), y = Math.floor(v), fx = u - x, fy = v - y;
    painted.data[i] = u >= -0.5 && v >= -0.5 && u <= last + 0.5 && v <= last + 0.5 ? 1 : 0;
    for (let c = 0; c < 3; c++) {
      const at = (column, row) => large[3 * (edge(row) * SEEN + edge(column)) + c];
      paint.data[3 * i + c] = byte((at(x, y) * (1 - fx) + at(x + 1, y) * fx) * (1 - fy) + (at(x, y + 1) * (1 - fx) + at(x + 1, y + 1) * fx) * fy);
    }
  });
  return { paint, painted };
}
