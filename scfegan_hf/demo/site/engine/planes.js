// Pictures as plain arrays, and what OpenCV does to them, rounding included. A plane is {data, width, height, channels};
// pixels lie row by row, channels side by side. Layers are planes of one channel, non-zero where marked.

export const plane = (width, height, channels = 1, Kind = Uint8Array) => ({ data: new Kind(width * height * channels), width, height, channels });
export const like = (source, data) => ({ ...source, data });

export const halfToEven = (value) => {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};
export const byte = (value) => (value <= 0 ? 0 : value >= 255 ? 255 : halfToEven(value));

// The index that a border of reflected pixels shows: with the last pixel twice (BORDER_REFLECT), or once (101).
export function reflected(index, size) {
  const period = 2 * size, at = ((index % period) + period) % period;
  return at < size ? at : period - 1 - at;
}
export function reflected101(index, size) {
  if (size === 1) return 0;
  const period = 2 * size - 2, at = ((index % period) + period) % period;
  return at < size ? at : period - at;
}

// A new plane of which each pixel is the source's at (columns[x], rows[y]); -1 stands for nothing, which is 0.
export function gathered(source, columns, rows) {
  const { data, width, channels } = source, out = plane(columns.length, rows.length, channels, data.constructor);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out.data[to++] = row < 0 || column < 0 ? 0 : data[from + c];
    }
  }
  return out;
}

const range = (first, end, index = (i) => i) => Int32Array.from({ length: end - first }, (_, i) => index(first + i));

// The box [x0, y0, x1, y1) of a plane whose own corner lies at `origin`; 0 where the plane does not reach.
export function cropped(source, [x0, y0, x1, y1], [left, top] = [0, 0]) {
  const within = (corner, size) => (i) => (i >= corner && i < corner + size ? i - corner : -1);
  return gathered(source, range(x0, x1, within(left, source.width)), range(y0, y1, within(top, source.height)));
}

// A crop that the photograph's border cut, mirrored to the right and downwards to a square.
export function squared(source, side) {
  const { width, height } = source;
  if (width === side && height === side) return source;
  return gathered(source, range(0, side, (x) => reflected(x, width)), range(0, side, (y) => reflected(y, height)));
}

export const flipped = (source) => gathered(source, range(0, source.width, (x) => source.width - 1 - x), range(0, source.height));

// cv2.resize by a factor: OpenCV rounds the sides, and keeps the factor.
export function scaled(source, factor, kind) {
  return resized(source, halfToEven(source.width * factor), halfToEven(source.height * factor), kind, 1 / factor);
}

// cv2.resize with INTER_AREA, INTER_LINEAR or INTER_CUBIC. Bytes are rounded at the end, floats are not.
export function resized(source, wide, high, kind, step = null) {
  const { data, width, height, channels } = source;
  const middle = new Float32Array(wide * height * channels), out = plane(wide, high, channels, data.constructor);
  const steps = [step ?? 1 / (wide / width), step ?? 1 / (high / height)], across = taps(width, wide, kind, steps[0]), down = taps(height, high, kind, steps[1]);
  const row = wide * channels, bytes = !(data instanceof Float32Array), halves = kind === 'area' && steps.every((each) => each === 2); // then OpenCV rounds up
  for (let y = 0; y < height; y++) {
    for (let x = 0, to = y * row; x < wide; x++) {
      const { at, weights } = across[x];
      for (let c = 0; c < channels; c++, to++) {
        let sum = 0;
        for (let k = 0; k < at.length; k++) sum += weights[k] * data[(y * width + at[k]) * channels + c];
        middle[to] = sum;
      }
    }
  }
  for (let y = 0; y < high; y++) {
    const { at, weights } = down[y];
    for (let i = 0; i < row; i++) {
      let sum = 0;
      for (let k = 0; k < at.length; k++) sum += weights[k] * middle[at[k] * row + i];
      out.data[y * row + i] = !bytes ? sum : halves ? Math.floor(sum + 0.5) : byte(sum);
    }
  }
  return out;
}

// For each output position: the input positions that it is made of, and their weights.
function taps(from, to, kind, scale) {
  const clamp = (i) => Math.min(Math.max(i, 0), from - 1);
  return Array.from({ length: to }, (_, i) => {
    const { first, weights } = kind === 'area' && scale >= 1 ? areaTap(i, scale, from) : kind === 'area' ? enlargingTap(i, scale, to / from) : smoothTap(i, scale, kind);
    return { at: weights.map((_, k) => clamp(first + k)), weights };
  });
}

function areaTap(i, scale, from) {
  const start = i * scale, end = Math.min(start + scale, from), whole = Math.min(scale, from - start), first = Math.floor(start), weights = [];
  for (let k = first; k < end - 1e-3 || k === first; k++) weights.push((Math.min(k + 1, end) - Math.max(k, start)) / whole);
  return { first, weights };
}

function enlargingTap(i, scale, inverse) { // INTER_AREA that enlarges: a linear of OpenCV's own
  const first = Math.floor(i * scale), far = i + 1 - (first + 1) * inverse, part = far <= 0 ? 0 : far - Math.floor(far);
  return { first, weights: [1 - part, part] };
}

function smoothTap(i, scale, kind) {
  const centre = (i + 0.5) * scale - 0.5, first = Math.floor(centre), x = centre - first, a = -0.75;
  if (kind === 'linear') return { first, weights: [1 - x, x] };
  const outer = (t) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a, inner = (t) => ((a + 2) * t - (a + 3)) * t * t + 1;
  const weights = [outer(x + 1), inner(x), inner(1 - x)];
  return { first: first - 1, weights: [...weights, 1 - weights[0] - weights[1] - weights[2]] };
}

// cv2.resize with INTER_NEAREST: the corner of each pixel decides. `centre`: its middle does, as in Pillow.
export function nearest(source, wide, high, centre = false) {
  const step = (size, to) => range(0, to, (i) => Math.min(Math.floor(centre ? ((i + 0.5) * size) / to : i * (1 / (to / size))), size - 1));
  return gathered(source, step(source.width, wide), step(source.height, high));
}

// Marks to another size so that no thin line vanishes: as data/pictures.py, resize_lines.
export function resizedLines(lines, wide, high) {
  const shrink = Math.max(lines.width / wide, lines.height / high);
  return nearest(shrink > 1 ? spread(lines, Math.ceil(shrink)) : lines, wide, high);
}

// The largest value of the `reach` pixels from each one on, to the right and downwards.
function spread({ data, width, height }, reach) {
  const middle = new Uint8Array(data.length), out = plane(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let most = 0;
      for (let k = x; k < Math.min(x + reach, width); k++) most = Math.max(most, data[y * width + k]);
      middle[y * width + x] = most;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let most = 0;
      for (let k = y; k < Math.min(y + reach, height); k++) most = Math.max(most, middle[k * width + x]);
      out.data[y * width + x] = most;
    }
  }
  return out;
}

// Connected groups of marked pixels, 8 neighbours each: a label for each pixel, from 1, and each group's box and area.
export function components({ data, width, height }) {
  const labels = new Int32Array(data.length), groups = [null], todo = [];
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || labels[start]) continue;
    const group = { x0: width, y0: height, x1: 0, y1: 0, area: 0 };
    labels[start] = groups.push(group) - 1;
    todo.push(start);
    while (todo.length) {
      const at = todo.pop(), x = at % width, y = (at - x) / width;
      group.area++;
      Object.assign(group, { x0: Math.min(group.x0, x), x1: Math.max(group.x1, x + 1), y0: Math.min(group.y0, y), y1: Math.max(group.y1, y + 1) });
      for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
        for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
          const near = v * width + u;
          if (data[near] && !labels[near]) labels[near] = labels[start], todo.push(near);
        }
      }
    }
  }
  return { labels, groups };
}

// The box of what is marked within a box, [x0, y0, x1, y1); null if nothing is.
export function bounds({ data, width, height }, [x0, y0, x1, y1] = [0, 0, width, height]) {
  let [left, top, right, bottom] = [x1, y1, x0, y0];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      if (!data[y * width + x]) continue;
      left = Math.min(left, x), right = Math.max(right, x + 1);
      top = Math.min(top, y), bottom = Math.max(bottom, y + 1);
    }
  }
  return left < right ? [left, top, right, bottom] : null;
}

// Half the width of each row of OpenCV's MORPH_ELLIPSE of 2 * reach + 1.
export const ellipse = (reach) => Array.from({ length: 2 * reach + 1 }, (_, i) => Math.round(Math.sqrt(reach * reach - (i - reach) ** 2)));

// A layer of 0 and 1 made wider by that ellipse: each row of it is a span, looked up in running sums.
export function dilated(mask, reach) {
  if (!reach) return mask;
  const { data, width, height } = mask, out = plane(width, height), row = width + 1, sums = new Int32Array(row * height), spans = ellipse(reach);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) sums[y * row + x + 1] = sums[y * row + x] + data[y * width + x];
  for (let y = 0; y < height; y++) {
    for (let v = Math.max(y - reach, 0); v <= Math.min(y + reach, height - 1); v++) {
      const span = spans[v - y + reach];
      for (let x = 0; x < width; x++) {
        if (sums[v * row + Math.min(x + span + 1, width)] > sums[v * row + Math.max(x - span, 0)]) out.data[y * width + x] = 1;
      }
    }
  }
  return out;
}
