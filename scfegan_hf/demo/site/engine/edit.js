// An edit: a photograph and a drawing in, edited photographs out (editing/pipeline.py). Pixels outside the mask never change.

import { contextSquare, holeGroups, shrunk } from './crops.js';
import { Generator } from './noise.js';
import { byte, cropped, like, plane, resized } from './planes.js';
import { joined } from './seam.js';

// photo: {rgb, alpha}. layers: {hole, lines, painted} of one channel, marked or not, paint, RGB, and perhaps weight, how much the
// answer counts, 0 to 255, over the photograph's pixels from `frame` [x, y] on. network: async, the graph's inputs by name to (3, R, R) in [-1, 1]. settings: what
// demo/web.py takes from editing/. Gives {rgb, alpha} for each candidate; `tell` hears after each hole how much is done.
// guess: what guess.js gives; then candidates are of other guesses, else of other views.
export async function edit(photo, given, frame, network, settings, { seed = 0, candidates = 1, tell = () => {}, guess = null } = {}) {
  const { work, views, parts } = settings, { rgb } = photo, boxes = holeGroups(given.hole, frame, rgb, parts), results = [];
  const unseen = unseenOf(photo, settings.unseen), alpha = opaque(photo.alpha, given, frame);
  for (let candidate = 0; candidate < candidates; candidate++) {
    const out = like(rgb, rgb.data.slice()), noise = new Generator(seed + candidate), [wanted, mirrored] = views[guess ? 0 : candidate];
    const other = seed || candidate ? new Generator(views.length * (seed + 1) + candidate) : null, layers = guess ? { ...given, ...guess.colors(other) } : given;
    for (const box of boxes) {
      const context = guess ? guess.context(box, wanted) : wanted, square = contextSquare(box, rgb, context, Math.trunc((context * work) / 4)), erased = erasedIn(square, layers.hole, frame, unseen);
      const planes = shrunk(seenIn(square, out, unseen && erased), erased, layers, frame, square, work), field = noise.normal(work * work);
      const seen = mirrored ? Object.fromEntries(Object.entries(planes).map(([name, values]) => [name, turned(values, work)])) : planes;
      const answer = await network({ ...seen, noise: field });
      paste(out, layers.hole, frame, box, square, erased, mirrored ? turned(answer, work) : answer, work);
      tell((results.length * boxes.length + boxes.indexOf(box) + 1) / (candidates * boxes.length));
    }
    if (layers.weight) soften(out, rgb, layers, frame, unseen);
    results.push({ rgb: out, alpha });
  }
  return results;
}

// Pixels so transparent that nobody sees what lies there; null if there are none.
export function unseenOf({ alpha }, least) {
  return alpha?.data.some((value) => value < least) ? like(alpha, alpha.data.map((value) => (value < least ? 1 : 0))) : null;
}

// What is repainted becomes as opaque as the photograph is anywhere, or as far as it counts.
function opaque(alpha, { hole, weight }, [left, top]) {
  if (!alpha) return null;
  const most = alpha.data.reduce((most, value) => Math.max(most, value), 0) || 255, out = like(alpha, alpha.data.slice());
  for (let y = 0, i = 0; y < hole.height; y++) {
    for (let x = 0; x < hole.width; x++, i++) {
      const at = (y + top) * alpha.width + x + left;
      if (hole.data[i]) out.data[at] = Math.max(out.data[at], weight ? byte((weight.data[i] * most) / 255) : most);
    }
  }
  return out;
}

// The answer and the photograph mixed by the weights, not where nothing was to be seen.
function soften(out, rgb, { hole, weight }, [left, top], unseen) {
  for (let y = 0, i = 0; y < hole.height; y++) {
    for (let x = 0; x < hole.width; x++, i++) {
      const at = (y + top) * rgb.width + x + left;
      if (!hole.data[i] || unseen?.data[at]) continue;
      for (let c = 3 * at; c < 3 * at + 3; c++) out.data[c] = byte(rgb.data[c] + ((out.data[c] - rgb.data[c]) * weight.data[i]) / 255);
    }
  }
}

function erasedIn(square, hole, frame, unseen) {
  const own = cropped(hole, square, frame), nothing = unseen && cropped(unseen, square);
  return unseen ? like(own, own.data.map((value, i) => value | nothing.data[i])) : own;
}

// The square of the photograph, grey where nothing is to be seen: making it small mixes neighbours.
function seenIn(square, rgb, erased) {
  const own = cropped(rgb, square);
  return erased ? greyed(own, erased) : own;
}
export function greyed(rgb, layer) {
  const out = like(rgb, rgb.data.slice());
  layer.data.forEach((value, i) => { if (value) out.data.fill(128, 3 * i, 3 * i + 3); });
  return out;
}

// Left to right, row by row, whatever the channels.
function turned(values, side) {
  const out = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += side) for (let x = 0; x < side; x++) out[row + x] = values[row + side - 1 - x];
  return out;
}

// The answer into the part of the hole that lies in `box`, joined to what is around it.
function paste(out, hole, frame, box, [x0, y0, x1, y1], erased, answer, work) {
  const side = Math.max(x1 - x0, y1 - y0), count = work * work, small = plane(work, work, 3, Float32Array), margin = 2 + Math.trunc((2 * side) / work);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) small.data[3 * i + c] = (Math.min(1, Math.max(-1, answer[c * count + i])) + 1) * 127.5;
  const around = [Math.max(box[0] - margin, x0), Math.max(box[1] - margin, y0), Math.min(box[2] + margin, x1), Math.min(box[3] + margin, y1)];
  const large = cropped(resized(small, side, side, side < work ? 'area' : 'cubic'), around, [x0, y0]);
  const own = joined(large, cropped(out, around), cropped(erased, around, [x0, y0]), side / work), marked = cropped(hole, around, frame);
  for (let y = Math.max(box[1], around[1]); y < Math.min(box[3], around[3]); y++) {
    for (let x = Math.max(box[0], around[0]); x < Math.min(box[2], around[2]); x++) {
      const at = (y - around[1]) * own.width + x - around[0];
      if (marked.data[at]) for (let c = 0; c < 3; c++) out.data[3 * (y * out.width + x) + c] = byte(own.data[3 * at + c]);
    }
  }
}
