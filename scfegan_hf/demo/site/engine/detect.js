// Frontal faces by OpenCV's Haar cascade (faces/detect.py), which demo/web.py writes as {features, stages}: each feature is
// rectangles [x, y, width, height, weight, ...], each stage its threshold and [feature, threshold, left, right, ...].

import { halfToEven, like, plane, resized, scaled } from './planes.js';

const WINDOW = 24, GROWTH = 1.1, NEIGHBOURS = 6, EPSILON = 0.2, SEEN = 640;

// Boxes [x, y, width, height] in the photograph's pixels, largest first.
export function detectFaces(photo, cascade) {
  const scale = Math.min(1, SEEN / Math.max(photo.width, photo.height)), whole = grey(photo);
  const seen = equalized(scale < 1 ? scaled(whole, scale, 'area') : whole), { width, height } = seen;
  const smallest = Math.max(WINDOW, Math.floor(Math.min(width, height) / 12)), boxes = [];
  for (let factor = 1; ; factor *= GROWTH) {
    const side = halfToEven(WINDOW * factor), wide = halfToEven(width / factor), high = halfToEven(height / factor);
    if (side > Math.min(width, height) || Math.min(wide, high) < WINDOW) break;
    if (side >= smallest) boxes.push(...scan(factor === 1 ? seen : resized(seen, wide, high, 'linear'), factor, side, cascade));
  }
  return grouped(boxes).map((box) => box.map((value) => value / scale)).sort((a, b) => b[2] * b[3] - a[2] * a[3]);
}

export function grey({ data, width, height }) {
  const out = plane(width, height);
  for (let i = 0; i < width * height; i++) out.data[i] = (data[3 * i] * 4899 + data[3 * i + 1] * 9617 + data[3 * i + 2] * 1868 + 8192) >> 14;
  return out;
}

function equalized(source) { // cv2.equalizeHist
  const counts = new Int32Array(256), values = new Uint8Array(256), total = source.data.length;
  for (const value of source.data) counts[value]++;
  const first = counts.findIndex((count) => count > 0);
  if (counts[first] === total) return source;
  for (let value = first + 1, sum = 0; value < 256; value++) values[value] = Math.min(255, halfToEven((sum += counts[value]) * (255 / (total - counts[first]))));
  return like(source, source.data.map((value) => values[value]));
}

// Sums of all values above and to the left, one row and column more than the picture has.
function sums({ data, width, height }, power) {
  const row = width + 1, out = new Float64Array(row * (height + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0, sum = 0; x < width; x++) {
      sum += data[y * width + x] ** power;
      out[(y + 1) * row + x + 1] = out[y * row + x + 1] + sum;
    }
  }
  return out;
}

function scan(picture, factor, side, { features, stages }) {
  const { width, height } = picture, row = width + 1, plain = sums(picture, 1), squares = sums(picture, 2), found = [];
  const corners = (x, y, wide, high) => [y * row + x, y * row + x + wide, (y + high) * row + x, (y + high) * row + x + wide];
  const sumOf = (table, at, [a, b, c, d]) => table[at + a] - table[at + b] - table[at + c] + table[at + d];
  const placed = features.map((values) => {
    const rectangles = [];
    for (let i = 0; i < values.length; i += 5) rectangles.push(...corners(...values.slice(i, i + 4)), values[i + 4]);
    return rectangles;
  });
  const inner = corners(1, 1, WINDOW - 2, WINDOW - 2), area = (WINDOW - 2) ** 2, step = factor >= 2 ? 1 : 2;
  for (let y = 0; y <= height - WINDOW; y += step) {
    for (let x = 0; x <= width - WINDOW; x += step) {
      const at = y * row + x, spread = area * sumOf(squares, at, inner) - sumOf(plain, at, inner) ** 2, norm = 1 / Math.sqrt(spread);
      if (!(spread > 0) || area * norm >= 0.1) continue;
      const failed = stages.findIndex(([threshold, weak]) => stageSum(weak, placed, plain, at, norm) < threshold);
      if (failed === -1) found.push([halfToEven(x * factor), halfToEven(y * factor), side, side]);
      if (failed === 0) x += step; // where nothing is like a face, neither is its neighbour
    }
  }
  return found;
}

function stageSum(weak, placed, table, at, norm) {
  let sum = 0;
  for (let k = 0; k < weak.length; k += 4) {
    const feature = placed[weak[k]];
    let value = 0;
    for (let r = 0; r < feature.length; r += 5) {
      value += feature[r + 4] * (table[at + feature[r]] - table[at + feature[r + 1]] - table[at + feature[r + 2]] + table[at + feature[r + 3]]);
    }
    sum += value * norm < weak[k + 1] ? weak[k + 2] : weak[k + 3];
  }
  return sum;
}

// cv2.groupRectangles: means of boxes that are alike, without those of few and those that lie within a better one.
function grouped(boxes) {
  const parent = boxes.map((_, index) => index), root = (index) => (parent[index] === index ? index : (parent[index] = root(parent[index])));
  const ends = ([x, y, wide, high]) => [x, y, x + wide, y + high];
  boxes.forEach((a, i) => boxes.slice(0, i).forEach((b, j) => {
    const reach = (EPSILON * (Math.min(a[2], b[2]) + Math.min(a[3], b[3]))) / 2, far = ends(b);
    if (ends(a).every((at, k) => Math.abs(at - far[k]) <= reach)) parent[root(i)] = root(j);
  }));
  const groups = groupBy(boxes, root);
  const means = [...groups.values()].map((members) => ({
    count: members.length, box: [0, 1, 2, 3].map((k) => halfToEven(members.reduce((sum, index) => sum + boxes[index][k], 0) / members.length)),
  })).filter(({ count }) => count > NEIGHBOURS);
  const within = (a, b) => {
    const reach = [b.box[2], b.box[3]].map((side) => halfToEven(side * EPSILON)), [x0, y0, x1, y1] = ends(a.box), [u0, v0, u1, v1] = ends(b.box);
    return x0 >= u0 - reach[0] && y0 >= v0 - reach[1] && x1 <= u1 + reach[0] && y1 <= v1 + reach[1];
  };
  return means.filter((a) => !means.some((b) => a !== b && b.count > Math.max(3, a.count) && within(a, b))).map(({ box }) => box);
}

function groupBy(boxes, root) {
  const groups = new Map();
  boxes.forEach((_, index) => groups.set(root(index), [...(groups.get(root(index)) ?? []), index]));
  return groups;
}
