// Shapes on canvases: wider, narrower, filled, the rest. They know of no photo, layer or page.

import { blank } from './page.js';

// Squared distance of each pixel to the nearest marked one (Felzenszwalb & Huttenlocher 2012): lower envelopes of
// parabolas, down the columns and then along the rows.
export function squaredDistances(marked, width, height) {
  const field = Float32Array.from(marked, (value) => (value ? 0 : 1e9)), longest = Math.max(width, height);
  const line = new Float32Array(longest), tips = new Int32Array(longest), bounds = new Float32Array(longest + 1);
  const along = (start, stride, count) => {
    for (let i = 0; i < count; i++) line[i] = field[start + i * stride];
    let last = 0;
    [tips[0], bounds[0], bounds[1]] = [0, -Infinity, Infinity];
    for (let i = 1; i < count; i++) {
      const meet = () => (line[i] + i * i - line[tips[last]] - tips[last] ** 2) / (2 * (i - tips[last]));
      let at = meet();
      while (at <= bounds[last]) last--, at = meet();
      last++;
      [tips[last], bounds[last], bounds[last + 1]] = [i, at, Infinity];
    }
    for (let i = 0, tip = 0; i < count; i++) {
      while (bounds[tip + 1] < i) tip++;
      field[start + i * stride] = (i - tips[tip]) ** 2 + line[tips[tip]];
    }
  };
  for (let x = 0; x < width; x++) along(x, width, height);
  for (let y = 0; y < height; y++) along(y * width, 1, width);
  return field;
}

function markedPixels(canvas) {
  const { width, height } = canvas, { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  return Uint8Array.from({ length: width * height }, (_, index) => data[4 * index + 3] >= 128);
}

// The canvas's shape with everything nearer than `reach` pixels added, in a paint.
export function widened(canvas, reach, paint) {
  const { width, height } = canvas;
  return areaOf(squaredDistances(markedPixels(canvas), width, height), (far) => far <= reach * reach, width, height, paint);
}

// Painted where the test holds for a pixel's value.
function areaOf(values, test, width, height, paint) {
  const out = blank(width, height), context = out.getContext('2d'), image = context.createImageData(width, height);
  values.forEach((value, index) => { image.data[4 * index + 3] = test(value) ? 255 : 0; });
  context.putImageData(image, 0, 0);
  return tinted(out, paint);
}

// Drawn where the canvas is not, in the layer's paint.
export function complement(canvas, paint) {
  const out = blank(canvas.width, canvas.height), context = out.getContext('2d');
  context.fillStyle = paint;
  context.fillRect(0, 0, out.width, out.height);
  context.globalCompositeOperation = 'destination-out';
  context.drawImage(canvas, 0, 0);
  context.globalCompositeOperation = 'source-over'; // who draws on it next adds to it
  return out;
}

export const narrowed = (canvas, reach, paint) => complement(widened(complement(canvas, paint), reach, paint), paint);

export function tinted(canvas, paint) {
  const context = canvas.getContext('2d');
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = paint;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = 'source-over';
  return canvas;
}

// Closed outlines become areas: what cannot be reached from the border is filled.
export function filled(canvas, paint) {
  const { width, height } = canvas;
  return areaOf(reachedFromBorder(markedPixels(canvas), width, height), (value) => !value, width, height, paint);
}

// Whether an outline goes around two like areas, side by side, and nothing else as large: a pair of glasses.
export function isPair(marked, width, height) {
  const holes = enclosed(marked, width, height).sort((a, b) => b.pixels - a.pixels), [first, second, third] = holes;
  if (!second || second.pixels < 0.5 * first.pixels || (third?.pixels ?? 0) > 0.25 * second.pixels) return false;
  const longer = ({ wide, high }) => Math.max(wide, high), side = (longer(first) + longer(second)) / 2;
  const round = [first, second].every((hole) => longer(hole) < 2.5 * Math.min(hole.wide, hole.high)); // lips are not
  return round && Math.hypot(first.x - second.x, first.y - second.y) < 1.8 * side; // eyes stand farther apart
}

// The areas that an outline keeps from the border: {pixels, x, y, wide, high}, x and y of the middle.
function enclosed(marked, width, height) {
  const seen = reachedFromBorder(marked, width, height), areas = [];
  marked.forEach((mark, index) => { seen[index] ||= mark; });
  for (let start = seen.indexOf(0); start >= 0; start = seen.indexOf(0, start)) {
    const todo = [start], [x0, y0] = [start % width, Math.floor(start / width)], box = { left: x0, right: x0, top: y0, bottom: y0 };
    let pixels = 0;
    seen[start] = 1;
    while (todo.length) {
      const index = todo.pop(), x = index % width, y = Math.floor(index / width);
      pixels++;
      Object.assign(box, { left: Math.min(box.left, x), right: Math.max(box.right, x), top: Math.min(box.top, y), bottom: Math.max(box.bottom, y) });
      for (const next of [index - 1, index + 1, index - width, index + width]) if (!seen[next]) seen[next] = 1, todo.push(next); // none is at the border
    }
    areas.push({ pixels, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, wide: box.right - box.left + 1, high: box.bottom - box.top + 1 });
  }
  return areas;
}

export const framesPair = (canvas) => isPair(markedPixels(canvas), canvas.width, canvas.height);

// Which unmarked pixels a walk over unmarked neighbours, from the border inwards, comes to.
export function reachedFromBorder(marked, width, height) {
  const reached = new Uint8Array(width * height), todo = [];
  const reach = (index) => { if (!reached[index] && !marked[index]) reached[index] = 1, todo.push(index); };
  for (let x = 0; x < width; x++) reach(x), reach((height - 1) * width + x);
  for (let y = 0; y < height; y++) reach(y * width), reach(y * width + width - 1);
  while (todo.length) {
    const index = todo.pop(), x = index % width;
    if (x > 0) reach(index - 1);
    if (x < width - 1) reach(index + 1);
    if (index >= width) reach(index - width);
    if (index < width * (height - 1)) reach(index + width);
  }
  return reached;
}
