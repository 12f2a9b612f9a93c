// Faces and their parts by the annotator's network (faces/annotate.py). look: async, a plane of RGB and whether its regions
// are wanted, to {edges, labels, points, peak} as demo/web.py's graph gives them. settings: the numbers of annotate.py.

import { detectFaces } from './detect.js';
import { apart, cutFrame, ffhqFrame, fromSquare, haarFrame, inverse, mean, moved, sideOf, square } from './frames.js';
import { cropped, components, dilated, gathered, like, plane, reflected101, resized, scaled } from './planes.js';

// Frames of the faces, the largest first.
export async function findFaces(photo, look, cascade, settings) {
  const frames = [];
  for (const box of detectFaces(photo, cascade)) frames.push(await aligned(photo, haarFrame(box, settings.haar), look, settings));
  if (!frames.some(Boolean)) {
    const side = Math.max(photo.width, photo.height), whole = square((photo.width - side) / 2, (photo.height - side) / 2, side);
    frames.push(await aligned(photo, whole, look, settings));
  }
  return frames.filter(Boolean).sort((a, b) => sideOf(b) - sideOf(a));
}

// The frame of the face in a rough one, looked at twice; null if there is none.
async function aligned(photo, frame, look, settings) {
  let peak = 0;
  for (let turn = 0; turn < 2; turn++) {
    const seen = await seenIn(photo, frame, look, settings);
    frame = ffhqFrame(seen.points, settings);
    peak = seen.peak;
    if (!(sideOf(frame) > 16 && sideOf(frame) < 8 * Math.max(photo.width, photo.height))) return null;
  }
  return peak >= settings.min_peak ? frame : null;
}

// What the network sees in a frame; points in the photograph's pixels, labels twice as fine as the square.
export async function seenIn(photo, frame, look, { face_side: side }) {
  const { labels, points, peak } = await look(cutFrame(photo, frame, side), true), back = fromSquare(frame, side);
  return { labels, peak: peak[0], points: Array.from({ length: points.length / 2 }, (_, i) => moved(back, [points[2 * i] * side, points[2 * i + 1] * side])) };
}

const refuse = (words) => { throw Object.assign(new Error(words), { said: true }); };

// How far a pixel is from a frame's middle along its sides, in sides: up to a half lies within.
export function distance(frame, [x, y]) {
  const [corner, below, , right] = frame, side = sideOf(frame), [middleX, middleY] = mean(frame);
  const along = (end) => Math.abs((x - middleX) * (end[0] - corner[0]) + (y - middleY) * (end[1] - corner[1])) / side ** 2;
  return Math.max(along(right), along(below));
}

// The part of a face at a pixel: its name, and its mask with some air around it. An Error in words where there is no face.
export async function partAt(photo, [x, y], look, cascade, settings) {
  const frames = await findFaces(photo, look, cascade, settings);
  if (!frames.length) refuse('No face was found. Draw the mask by hand.');
  const away = (frame) => distance(frame, [x, y]), frame = frames.reduce((best, other) => (away(other) < away(best) ? other : best));
  if (away(frame) > (frames.length === 1 ? 1.25 : 0.5)) refuse('There is no face there. Click on a face, or draw the mask by hand.');
  const { labels, points } = await seenIn(photo, frame, look, settings), middle = mean(frame);
  const larger = frame.map((corner) => corner.map((at, axis) => middle[axis] + settings.wide * (at - middle[axis])));
  const wide = await seenIn(photo, larger, look, settings);
  const [near, far] = [regionsOf(photo, frame, labels, settings), regionsOf(photo, larger, wide.labels, settings)];
  const inside = Uint8Array.from(near.data, (_, i) => (distance(frame, [i % photo.width, Math.floor(i / photo.width)]) <= 0.49 ? 1 : 0));
  return partOf(withBeyond(near, far, inside, points, settings), points, [x, y], settings);
}

// Labels over the photograph, background outside the frame. As cv2.warpAffine rounds: to 1/1024 of a pixel.
export function regionsOf({ width, height }, frame, labels, { face_side: side, finer }) {
  const out = plane(width, height), size = side * finer, [a, b, c, d, e, f] = fromSquare(frame, side), shift = 0.5 / finer - 0.5;
  const [p, q, r, s, t, u] = inverse([a / finer, b / finer, c + (a + b) * shift, d / finer, e / finer, f + (d + e) * shift]);
  const fixed = (value) => Math.round(value * 1024);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const column = (fixed(q * y + r) + 512 + fixed(p * x)) >> 10, row = (fixed(t * y + u) + 512 + fixed(s * x)) >> 10;
      if (column >= 0 && row >= 0 && column < size && row < size) out.data[to] = labels[row * size + column];
    }
  }
  return out;
}

// What follows is faces/clicks.py's. Places across and down a face, in distances between the eyes from the middle between them.
function placesIn(points, { left_eye: left, right_eye: right }) {
  const [a, b] = [left, right].map(([first, end]) => mean(points.slice(first, end))), [cx, cy] = mean([a, b]), size = apart(a, b) ** 2;
  const [ux, uy] = [(b[0] - a[0]) / size, (b[1] - a[1]) / size];
  return ([x, y]) => [(x - cx) * ux + (y - cy) * uy, (y - cy) * ux - (x - cx) * uy];
}

const FEATURES = ['brows', 'eyes', 'iris', 'nose', 'lips', 'mouth', 'ears'];
// Regions of a face's frame, gone on with outside it by those of a wider look.
export function withBeyond(near, wide, inside, points, settings) {
  const number = (name) => settings.labels.indexOf(name), hair = number('hair'), place = placesIn(points, settings), features = FEATURES.map(number);
  const both = like(near, near.data.map((value, i) => (inside[i] ? value : features.includes(wide.data[i]) ? number('skin') : wide.data[i])));
  const { labels } = components(like(both, both.data.map((value) => (value === hair ? 1 : 0)))), held = new Set();
  both.data.forEach((value, i) => { if (value === hair && inside[i]) held.add(labels[i]); });
  both.data.forEach((value, i) => {
    if (value !== hair || held.has(labels[i])) return;
    const [, down] = place([i % near.width, Math.floor(i / near.width)]);
    both.data[i] = number(down > 1 ? 'clothes' : 'background');
  });
  return both;
}

// On a line through points that are sorted by x; beyond its ends it goes on level.
function between([xs, ys], x) {
  const next = xs.findIndex((at) => at > x);
  if (next <= 0) return next ? ys.at(-1) : ys[0];
  return ys[next - 1] + ((ys[next] - ys[next - 1]) * (x - xs[next - 1])) / (xs[next] - xs[next - 1]);
}

// Regions with neck and hat told from skin, hair and clothes.
export function withNeckAndHat(regions, points, settings) {
  const { labels: names, neck: [below, least], hat_reach: [aside, up], hat_share: share, contour, left_brow: left, right_brow: right } = settings;
  const [skin, hair, clothes, neck, hat] = ['skin', 'hair', 'clothes', 'neck', 'hat'].map((name) => names.indexOf(name)), place = placesIn(points, settings);
  const sorted = points.slice(...contour).map(place).sort((a, b) => a[0] - b[0]), jaw = [0, 1].map((axis) => sorted.map((point) => point[axis]));
  const [, brow] = place(mean([...points.slice(...left), ...points.slice(...right)])), out = like(regions, regions.data.slice()), cloth = [], strands = [];
  regions.data.forEach((value, i) => {
    const [across, down] = place([i % regions.width, Math.floor(i / regions.width)]), above = down < brow && down > -up && Math.abs(across) < aside;
    if (value === skin && down > least && down > between(jaw, across) + below) out.data[i] = neck;
    if (above && value === clothes) cloth.push(i);
    if (above && value === hair) strands.push(i);
  });
  if (cloth.length >= share * (cloth.length + strands.length)) for (const i of [...cloth, ...strands]) out.data[i] = hat;
  else for (const i of cloth) out.data[i] = hair;
  return out;
}

export function partOf(regions, points, [x, y], settings) {
  const { labels: names, parts, margins, margin, left_eye: left, right_eye: right } = settings, told = withNeckAndHat(regions, points, settings);
  const label = names[told.data[y * told.width + x]], name = Object.keys(parts).find((part) => parts[part].includes(label));
  const wanted = parts[name].map((region) => names.indexOf(region));
  const { labels } = components(like(told, told.data.map((value) => (wanted.includes(value) ? 1 : 0)))), piece = labels[y * told.width + x];
  const eyes = [left, right].map(([first, end]) => mean(points.slice(first, end))), reach = Math.round((margins[name] ?? margin) * apart(...eyes));
  return { name, mask: dilated(like(told, Uint8Array.from(labels, (value) => (value === piece ? 1 : 0))), reach) };
}

// Soft edges of a whole picture, float32 in [0, 1], found at no more than edge_side pixels a side.
export async function edgesOf(picture, look, { edge_side: most, stride }) {
  const { width, height } = picture, scale = Math.min(1, most / Math.max(width, height)), small = scale < 1 ? scaled(picture, scale, 'area') : picture;
  const padded = (size) => Array.from({ length: Math.ceil(size / stride) * stride }, (_, i) => reflected101(i, size));
  const columns = padded(small.width), { edges } = await look(gathered(small, columns, padded(small.height)), false);
  const whole = { data: edges, width: columns.length, height: edges.length / columns.length, channels: 1 }, own = cropped(whole, [0, 0, small.width, small.height]);
  return scale < 1 ? resized(own, width, height, 'linear') : own;
}
