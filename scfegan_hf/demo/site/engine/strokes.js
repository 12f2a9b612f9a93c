// Lines of photographs to start a drawing from (editing/pipeline.py's trace, faces/strokes.py).

import { blurred, cannyEdges, equalized, smoothed } from './filters.js';
import { edgesOf } from './parts.js';
import { components, like, plane, reflected101, resizedLines, scaled } from './planes.js';

const SEEN = 768, LEVEL = 60, SPECK = 8;

// A plane of 0 and 1 of the photograph's size. look and settings as in parts.js.
export async function trace(photo, look, settings) {
  const scale = Math.min(1, SEEN / Math.max(photo.width, photo.height)), small = scale < 1 ? scaled(photo, scale, 'area') : photo;
  const learned = thin(await edgesOf(equalized(small), look, settings)), fine = thin(cannyEdges(equalized(smoothed(small))));
  const strength = like(learned, learned.data.map((value, i) => Math.max(value, Math.floor(fine.data[i] / 5))));
  const lines = atLevel(withoutSpecks(strength), Math.floor(Math.max(small.width, small.height) / 25));
  return resizedLines(lines, photo.width, photo.height);
}

function withoutSpecks(lines) {
  const { labels, groups } = components(lines);
  return like(lines, lines.data.map((value, i) => (labels[i] && groups[labels[i]].area >= SPECK ? value : 0)));
}

// Lines that reach the level somewhere, along all that reaches half of it.
function atLevel(strength, least) {
  const weak = strength.data.map((value) => (value >= LEVEL >> 1 ? 1 : 0)), { labels, groups } = components(like(strength, weak));
  const strong = new Uint8Array(groups.length);
  strength.data.forEach((value, i) => { if (value >= LEVEL && groups[labels[i]].area >= least) strong[labels[i]] = 1; });
  return like(strength, Uint8Array.from(labels, (label) => strong[label]));
}

// Ridges of soft edges, one pixel wide, with the strength of the edge: where the Hessian bends most, and no less beside it.
export function thin(edges) {
  const { width, height } = edges, smooth = blurred(edges, 1, false).data, out = plane(width, height), held = (at, size) => Math.min(Math.max(at, 0), size - 1);
  const value = (x, y) => smooth[reflected101(y, height) * width + reflected101(x, width)], edge = (x, y) => smooth[held(y, height) * width + held(x, width)];
  const between = (x, y) => { // cv2.remap knows 32 places between two pixels
    const u = Math.round(x * 32) / 32, v = Math.round(y * 32) / 32, left = Math.floor(u), top = Math.floor(v), fx = u - left, fy = v - top;
    return (edge(left, top) * (1 - fx) + edge(left + 1, top) * fx) * (1 - fy) + (edge(left, top + 1) * (1 - fx) + edge(left + 1, top + 1) * fx) * fy;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (smooth[i] <= 0.02) continue;
      const rows = [-1, 0, 1].map((dy) => [value(x - 1, y + dy), value(x, y + dy), value(x + 1, y + dy)]), bend = ([a, b, c]) => a - 2 * b + c;
      const columns = [0, 1, 2].map((k) => rows.map((row) => row[k])), twice = ([a, b, c]) => a + 2 * b + c;
      const xx = twice(rows.map(bend)), yy = twice(columns.map(bend)), xy = rows[0][0] - rows[0][2] - rows[2][0] + rows[2][2];
      if ((xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy) >= -0.01) continue;
      const angle = 0.5 * Math.atan2(2 * xy, xx - yy) + Math.PI / 2, dx = Math.cos(angle), dy = Math.sin(angle);
      if (smooth[i] < between(x - dx, y - dy) || smooth[i] < between(x + dx, y + dy)) continue;
      let strongest = 0;
      for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
        for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) strongest = Math.max(strongest, edges.data[v * width + u]);
      }
      out.data[i] = Math.trunc(Math.min(255, strongest * 255));
    }
  }
  return out;
}
