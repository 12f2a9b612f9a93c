// The faces that a drawing lies on (editing/seen.py): {regions, points} each, labels over the photograph and 98 landmarks in it.

import { apart, mean, sideOf } from './frames.js';
import { distance, findFaces, regionsOf, seenIn } from './parts.js';
import { components, like, nearest } from './planes.js';

// Of each dab of `painted` the nearest face. small: the photograph of `rgb`'s size made small, in which faces are looked for.
export async function facesUnder(rgb, small, painted, look, cascade, { annotator, recolor }) {
  const scale = rgb.width / small.width, frames = distinct(await findFaces(small, look, cascade, annotator), recolor.same), wanted = new Set();
  if (frames.length) for (const centre of centres(painted)) wanted.add(nearestOf(frames.map(mean), centre.map((at) => at / scale)));
  const faces = [];
  for (const frame of frames.filter((_, number) => wanted.has(number))) {
    const { labels, points } = await seenIn(small, frame, look, annotator), middle = mean(frame);
    const larger = frame.map((corner) => corner.map((at, axis) => middle[axis] + recolor.wide * (at - middle[axis]))), wide = await seenIn(small, larger, look, annotator);
    const regions = withLongHair(regionsOf(small, frame, labels, annotator), regionsOf(small, larger, wide.labels, annotator), frame, annotator.labels.indexOf('hair'));
    faces.push({ regions: nearest(regions, rgb.width, rgb.height), points: points.map((point) => point.map((at) => at * scale)) });
  }
  return faces;
}

// Which of some points is nearest to one.
export const nearestOf = (points, own) => points.reduce((best, point, number) => (apart(point, own) < apart(points[best], own) ? number : best), 0);

// Without frames in the middle of a larger one: a mouth or an eye that passed for a face.
function distinct(frames, same) {
  const kept = [];
  for (const frame of frames) if (!kept.some((other) => apart(mean(frame), mean(other)) < same * sideOf(other))) kept.push(frame);
  return kept;
}

function centres(painted) {
  const { labels, groups } = components(painted), sums = groups.map(() => [0, 0]);
  labels.forEach((label, i) => {
    if (!label) return;
    sums[label][0] += i % painted.width;
    sums[label][1] += Math.floor(i / painted.width);
  });
  return sums.slice(1).map(([x, y], number) => [x / groups[number + 1].area, y / groups[number + 1].area]);
}

// Regions with the hair that goes on beyond the frame.
function withLongHair(regions, wide, frame, hair) {
  const { width } = regions, inside = (i) => distance(frame, [i % width, Math.floor(i / width)]) <= 0.49;
  const both = like(regions, regions.data.map((value, i) => (value === hair || (wide.data[i] === hair && !inside(i)) ? 1 : 0))), { labels } = components(both), held = new Set();
  regions.data.forEach((value, i) => { if (value === hair) held.add(labels[i]); });
  return like(regions, regions.data.map((value, i) => (both.data[i] && held.has(labels[i]) && !inside(i) ? hair : value)));
}
