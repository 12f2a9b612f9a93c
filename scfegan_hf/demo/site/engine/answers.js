// What a server answers the page (demo/edits.py), of photographs that are read already: {rgb, alpha, profile} as pictures.js
// gives them. A drawing is {frame, mask, sketch, color}: layers as decodePng gives them, or null, over the frame's pixels.

import { detectFaces } from './detect.js';
import { edit, greyed, unseenOf } from './edit.js';
import { feathered } from './feather.js';
import { haarFrame } from './frames.js';
import { partAt } from './parts.js';
import { bounds, cropped, halfToEven, like, nearest, plane, resized } from './planes.js';
import { recolor } from './recolor.js';
import { facesUnder } from './seen.js';
import { trace } from './strokes.js';

const LOOKED_AT = 1280; // pixels a side are enough to find faces in
const MOST_FACES = 12;
const INK = { mask: [255, 192, 217], sketch: [21, 23, 28] }; // the page's own colours

const refuse = (words) => { throw Object.assign(new Error(words), { said: true }); };

// options.guesser: async, of a photograph small enough to look for faces in, what is seen of the whole one, a hole, its corner and
// what is not to be seen, to what guess.js gives; asked where nothing is drawn.
export async function editAnswer(photo, { frame, mask, sketch, color }, network, settings, { guesser, ...options }) {
  if (!mask) refuse('Paint over the part that should change first: choose Mask and paint.');
  const [, , wide, high] = frame, nothing = plane(wide, high), paint = color && fitted(color.rgb, frame);
  const layers = {
    hole: marks(mask, frame), lines: sketch ? marks(sketch, frame) : nothing,
    painted: color ? marks(color, frame) : nothing, paint: paint ?? plane(wide, high, 3),
  };
  if (!layers.hole.data.includes(1)) refuse('The mask is empty: mark what is to be repainted with non-zero pixels.');
  const soft = feathered(layers.hole, frame, photo.rgb, options.feather ?? 0), [x, y, across, down] = soft.frame, own = { hole: soft.hole, weight: soft.weight };
  for (const name of ['lines', 'painted', 'paint']) own[name] = cropped(layers[name], [x, y, x + across, y + down], frame.slice(0, 2));
  const drawn = own.hole.data.some((value, i) => value && (own.lines.data[i] || own.painted.data[i])), unseen = unseenOf(photo, settings.unseen), seen = unseen ? greyed(photo.rgb, unseen) : photo.rgb;
  const guess = guesser && !drawn ? await guesser(smaller(seen), seen, own.hole, [x, y], unseen) : null;
  const results = await edit(photo, own, [x, y], network, settings, { ...options, guess });
  return results.map((result) => ({ ...photo, ...result }));
}

// The photograph with its parts in the colours of the drawing; settings: demo/web.py's, whole.
export async function recolorAnswer(photo, { frame, mask, sketch, color }, look, cascade, settings, feather = 0) {
  if (sketch) refuse('Recolouring keeps what is there and takes no lines. Leave the sketch out, or use "draw new".');
  if (!color) refuse('Paint a colour on what is to have it.');
  const { rgb } = photo, { width, height } = rgb, whole = (layer, [x, y]) => cropped(layer, [0, 0, width, height], [x, y]), layers = { hole: null, weight: null };
  Object.assign(layers, { paint: whole(fitted(color.rgb, frame), frame), painted: whole(marks(color, frame), frame) });
  if (mask) {
    const soft = feathered(marks(mask, frame), frame, rgb, feather);
    Object.assign(layers, { hole: whole(soft.hole, soft.frame), weight: soft.weight && whole(soft.weight, soft.frame) });
  }
  const faces = await facesUnder(rgb, smaller(rgb), layers.painted, look, cascade, settings);
  return { ...photo, rgb: recolor(rgb, layers, faces, settings) };
}

// A layer at its frame's size, pixels repeated.
function fitted(layer, [, , wide, high]) {
  return layer.width === wide && layer.height === high ? layer : nearest(layer, wide, high, true);
}
const marks = ({ alpha }, frame) => fitted(like(alpha, alpha.data.map((value) => (value >= 128 ? 1 : 0))), frame);

// Squares around the faces, hair and chin included, as [x, y, width, height] in the photograph's pixels, left to right.
export function facesAnswer({ rgb }, cascade, settings) {
  const small = smaller(rgb), scale = rgb.width / small.width;
  return detectFaces(small, cascade).slice(0, MOST_FACES).map((box) => {
    const [[left, top], , [right, bottom]] = haarFrame(box, settings.haar).map((point) => point.map((at) => at * scale));
    const x0 = Math.floor(Math.max(left, 0)), y0 = Math.floor(Math.max(top, 0));
    return [x0, y0, Math.ceil(Math.min(right, rgb.width)) - x0, Math.ceil(Math.min(bottom, rgb.height)) - y0];
  }).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

function smaller(rgb) {
  const scale = Math.min(1, LOOKED_AT / Math.max(rgb.width, rgb.height));
  return scale < 1 ? resized(rgb, Math.round(rgb.width * scale), Math.round(rgb.height * scale), 'area') : rgb;
}

// The part of a face at a point of the photograph: its name, its mask as a layer, and the frame of that.
export async function partAnswer({ rgb }, point, look, cascade, settings, canvasSide) {
  const small = smaller(rgb), scale = rgb.width / small.width, held = (at, size) => Math.min(Math.max(Math.trunc(at / scale), 0), size - 1);
  const { name, mask } = await partAt(small, [held(point[0], small.width), held(point[1], small.height)], look, cascade, settings);
  const box = bounds(mask), [left, top, right, bottom] = box, x = Math.trunc(left * scale), y = Math.trunc(top * scale);
  const frame = [x, y, Math.min(halfToEven(right * scale), rgb.width) - x, Math.min(halfToEven(bottom * scale), rgb.height) - y];
  const [wide, high] = canvasSize(frame, canvasSide), own = cropped(mask, box), soft = resized(like(own, Float32Array.from(own.data)), wide, high, wide < own.width ? 'area' : 'linear');
  return { part: name, mask: layerOf(like(soft, Uint8Array.from(soft.data, (value) => (value >= 0.5 ? 1 : 0))), INK.mask), frame };
}

// The sketch layer with the photograph's lines added: under the mask, or all while there is none.
export async function traceAnswer({ rgb }, { frame, mask, sketch }, look, settings, canvasSide) {
  const [x, y, wide, high] = frame, around = Math.floor(Math.max(wide, high, 64) / 2), left = Math.max(x - around, 0), top = Math.max(y - around, 0);
  const seen = cropped(rgb, [left, top, Math.min(x + wide + around, rgb.width), Math.min(y + high + around, rgb.height)]);
  const lines = cropped(await trace(seen, look, settings), [x - left, y - top, x - left + wide, y - top + high]), [columns, rows] = canvasSize(frame, canvasSide);
  const small = resized(like(lines, lines.data.map((value) => 255 * value)), columns, rows, 'area'), at = (layer) => layer && marks(layer, [0, 0, columns, rows]).data;
  const [inside, drawn] = [at(mask), at(sketch)];
  return { sketch: layerOf(like(small, small.data.map((value, i) => ((value >= 64 && (!inside || inside[i])) || drawn?.[i] ? 1 : 0))), INK.sketch), frame };
}

// The size that the page paints a frame at.
function canvasSize([, , wide, high], most) {
  const scale = Math.min(1, most / Math.max(wide, high));
  return [Math.max(halfToEven(wide * scale), 1), Math.max(halfToEven(high * scale), 1)];
}

function layerOf({ data, width, height }, ink) {
  const rgb = plane(width, height, 3), alpha = plane(width, height);
  data.forEach((marked, i) => {
    rgb.data.set(ink, 3 * i);
    alpha.data[i] = marked ? 255 : 0;
  });
  return { rgb, alpha };
}
