// OpenCV's filters: CLAHE of the lightness, median and bilateral smoothing, Gaussian and box blur, Canny.

import { grey } from './detect.js';
import { byte, halfToEven, like, plane, reflected, reflected101, resized } from './planes.js';
import { rgbOf } from './tones.js';

const TILES = 8, LIMIT = 2; // of CLAHE

// RGB to Lab in bytes as OpenCV computes it, in whole numbers: linear light in eighths of a level, cube roots of it in 1/32768.
const LINEAR = Int32Array.from({ length: 256 }, (_, v) => halfToEven(2040 * (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)));
const ROOTS = Int32Array.from({ length: 3072 }, (_, i) => halfToEven(32768 * (i / 2040 < 0.008856 ? (i / 2040) * 7.787 + 16 / 116 : Math.cbrt(i / 2040))));
const XYZ = [[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]]
  .map((row, i) => row.map((value) => halfToEven((4096 * value) / [0.950456, 1, 1.088754][i])));
const root = ([r, g, b], red, green, blue) => ROOTS[(r * red + g * green + b * blue + 2048) >> 12];

// The lightness, equalised in tiles with limited contrast.
export function equalized(picture) {
  const { data, width, height } = picture, count = width * height, light = plane(width, height), a = new Int16Array(count), b = new Int16Array(count);
  for (let i = 0; i < count; i++) {
    const linear = [LINEAR[data[3 * i]], LINEAR[data[3 * i + 1]], LINEAR[data[3 * i + 2]]], [x, y, z] = XYZ.map((row) => root(row, ...linear));
    light.data[i] = (296 * y - 1336934 + 16384) >> 15;
    a[i] = (500 * (x - y) + 16384) >> 15;
    b[i] = (200 * (y - z) + 16384) >> 15;
  }
  const even = clahe(light), out = plane(width, height, 3);
  for (let i = 0; i < count; i++) {
    rgbOf(even.data[i] / 2.55, a[i], b[i]).forEach((value, c) => { out.data[3 * i + c] = byte(value); });
  }
  return out;
}

function clahe(light) {
  const { data, width, height } = light, out = plane(width, height), uneven = width % TILES || height % TILES;
  const [wide, high] = [width, height].map((size) => (uneven ? size + TILES - (size % TILES) : size) / TILES), maps = [];
  for (let row = 0; row < TILES; row++) for (let column = 0; column < TILES; column++) maps.push(tileMap(light, column * wide, row * high, wide, high));
  const held = (tile) => Math.min(Math.max(tile, 0), TILES - 1);
  for (let y = 0; y < height; y++) {
    const v = y / high - 0.5, top = Math.floor(v), fy = v - top;
    for (let x = 0; x < width; x++) {
      const u = x / wide - 0.5, left = Math.floor(u), fx = u - left, value = data[y * width + x];
      const at = (tileRow, tileColumn) => maps[held(tileRow) * TILES + held(tileColumn)][value];
      out.data[y * width + x] = byte((at(top, left) * (1 - fx) + at(top, left + 1) * fx) * (1 - fy) + (at(top + 1, left) * (1 - fx) + at(top + 1, left + 1) * fx) * fy);
    }
  }
  return out;
}

function tileMap({ data, width, height }, x0, y0, wide, high) {
  const counts = new Int32Array(256), map = new Uint8Array(256), most = Math.max(Math.trunc((LIMIT * wide * high) / 256), 1);
  for (let y = y0; y < y0 + high; y++) for (let x = x0; x < x0 + wide; x++) counts[data[reflected101(y, height) * width + reflected101(x, width)]]++;
  let excess = 0;
  for (let v = 0; v < 256; v++) if (counts[v] > most) excess += counts[v] - most, counts[v] = most;
  let rest = excess % 256;
  for (let v = 0; v < 256; v++) counts[v] += Math.floor(excess / 256);
  for (let v = 0, step = Math.max(Math.floor(256 / rest), 1); v < 256 && rest > 0; v += step, rest--) counts[v]++;
  for (let v = 0, sum = 0; v < 256; v++) map[v] = byte((sum += counts[v]) * (255 / (wide * high)));
  return map;
}

// Median of 3x3, then 20 passes of a bilateral filter of 5 pixels, 20 levels, 5 pixels.
export function smoothed(picture) {
  let now = median(picture);
  const { width, height } = picture, wide = width + 4, near = [], level = Float32Array.from({ length: 766 }, (_, far) => Math.exp(-0.5 * (far / 20) ** 2));
  for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) if (dx * dx + dy * dy <= 4) near.push([3 * (dy * wide + dx), Math.exp((-0.5 * (dx * dx + dy * dy)) / 25)]);
  const offsets = Int32Array.from(near, ([offset]) => offset), weights = Float32Array.from(near, ([, weight]) => weight);
  const border = (size) => Int32Array.from({ length: size + 4 }, (_, i) => reflected101(i - 2, size)), columns = border(width), rows = border(height);
  for (let pass = 0; pass < 20; pass++) {
    const { data } = gatheredRgb(now, columns, rows), out = new Uint8Array(3 * width * height);
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0, i = 3 * ((y + 2) * wide + 2); x < width; x++, i += 3) {
        const red = data[i], green = data[i + 1], blue = data[i + 2];
        let [r, g, b, total] = [0, 0, 0, 0];
        for (let k = 0; k < offsets.length; k++) {
          const j = i + offsets[k], weight = weights[k] * level[Math.abs(data[j] - red) + Math.abs(data[j + 1] - green) + Math.abs(data[j + 2] - blue)];
          r += weight * data[j], g += weight * data[j + 1], b += weight * data[j + 2], total += weight;
        }
        out[to++] = byte(r / total), out[to++] = byte(g / total), out[to++] = byte(b / total);
      }
    }
    now = like(picture, out);
  }
  return now;
}

function gatheredRgb({ data, width }, columns, rows) {
  const out = plane(columns.length, rows.length, 3);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = 3 * (row * width + column);
      out.data[to++] = data[from], out.data[to++] = data[from + 1], out.data[to++] = data[from + 2];
    }
  }
  return out;
}

function median(picture) {
  const { data, width, height } = picture, out = new Uint8Array(data.length), nine = new Uint8Array(9), held = (at, size) => Math.min(Math.max(at, 0), size - 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        for (let k = 0; k < 9; k++) nine[k] = data[3 * (held(y + Math.floor(k / 3) - 1, height) * width + held(x + (k % 3) - 1, width)) + c];
        out[3 * (y * width + x) + c] = nine.sort()[4];
      }
    }
  }
  return like(picture, out);
}

// cv2.GaussianBlur; OpenCV reaches less far in bytes than in floats.
export function blurred({ data, width, height }, sigma, bytes) {
  const reach = Math.round(sigma * (bytes ? 6 : 8) + 1) >> 1, out = plane(width, height, 1, bytes ? Uint8Array : Float32Array);
  const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2)), total = kernel.reduce((sum, value) => sum + value);
  const middle = new Float32Array(data.length), at = (size) => Int32Array.from({ length: size + 2 * reach }, (_, i) => reflected101(i - reach, size));
  const columns = at(width), rows = at(height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * data[y * width + columns[x + k]];
      middle[y * width + x] = sum / total;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * middle[rows[y + k] * width + x];
      out.data[y * width + x] = bytes ? byte(sum / total) : sum / total;
    }
  }
  return out;
}

// The same in floats; where it is wide, of a smaller picture.
export function softened(source, sigma) {
  const { width, height } = source, shrink = Math.floor(sigma / 6);
  if (shrink < 2) return blurred(source, sigma, false);
  const small = resized(source, Math.ceil(width / shrink), Math.ceil(height / shrink), 'area');
  return resized(blurred(small, (sigma * small.width) / width, false), width, height, 'linear');
}

// Means of 2 * radius + 1 pixels square, of floats: cv2.blur, or with the last pixel `twice` beyond the border (BORDER_REFLECT).
export function boxed(source, radius, twice = false) {
  const { width, height, channels } = source, side = 2 * radius + 1, row = width * channels, border = twice ? reflected : reflected101;
  const middle = new Float32Array(source.data.length), out = new Float32Array(middle.length);
  const pass = (from, to, lines, start, stride, count) => {
    const at = Int32Array.from({ length: count + 2 * radius + 1 }, (_, i) => stride * border(i - radius, count));
    for (let line = 0; line < lines; line++) {
      for (let c = 0, first = start(line); c < channels; c++, first++) {
        let sum = 0;
        for (let k = 0; k < side; k++) sum += from[first + at[k]];
        for (let i = 0; i < count; i++) {
          to[first + stride * i] = sum / side;
          sum += from[first + at[i + side]] - from[first + at[i]];
        }
      }
    }
  };
  pass(source.data, middle, height, (y) => y * row, channels, width);
  pass(middle, out, width, (x) => x * channels, row, height);
  return like(source, out);
}

export function cannyEdges(picture) {
  const whole = grey(picture), out = plane(whole.width, whole.height, 1, Float32Array);
  for (const [weight, sigma] of [[0.2, 1], [0.3, 2], [0.5, 3]]) {
    const lines = canny(blurred(whole, sigma, true), 30, 80), soft = blurred(lines, 1, false);
    soft.data.forEach((value, i) => { out.data[i] += weight * value * 2.5; });
  }
  return like(out, out.data.map((value) => Math.min(value, 1)));
}

// cv2.Canny: Sobel of 3x3, the sum of both slopes, ridges across one of four directions, hysteresis.
function canny({ data, width, height }, low, high) {
  const held = (at, size) => Math.min(Math.max(at, 0), size - 1), value = (x, y) => data[held(y, height) * width + held(x, width)];
  const across = new Int16Array(data.length), down = new Int16Array(data.length), size = new Int32Array(data.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [a, b, c, d, f, g, h, k] = [value(x - 1, y - 1), value(x, y - 1), value(x + 1, y - 1), value(x - 1, y), value(x + 1, y), value(x - 1, y + 1), value(x, y + 1), value(x + 1, y + 1)];
      across[i] = c + 2 * f + k - a - 2 * d - g;
      down[i] = g + 2 * h + k - a - 2 * b - c;
      size[i] = Math.abs(across[i]) + Math.abs(down[i]);
    }
  }
  const at = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : size[y * width + x]);
  const mark = new Uint8Array(data.length), todo = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (size[i] <= low || !isRidge(at, x, y, across[i], down[i])) continue;
      mark[i] = size[i] > high ? 2 : 1;
      if (mark[i] === 2) todo.push(i);
    }
  }
  while (todo.length) {
    const i = todo.pop(), x = i % width, y = (i - x) / width;
    for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
      for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) if (mark[v * width + u] === 1) mark[v * width + u] = 2, todo.push(v * width + u);
    }
  }
  return { data: Float32Array.from(mark, (kind) => (kind === 2 ? 1 : 0)), width, height, channels: 1 };
}

function isRidge(at, x, y, across, down) {
  const own = at(x, y), flat = Math.abs(across) * 13573, steep = flat + Math.abs(across) * 65536, slope = Math.abs(down) * 32768; // tangents of 22.5 and 67.5 degrees
  if (slope < flat) return own > at(x - 1, y) && own >= at(x + 1, y);
  if (slope > steep) return own > at(x, y - 1) && own >= at(x, y + 1);
  const side = (across ^ down) < 0 ? -1 : 1;
  return own > at(x - side, y - 1) && own > at(x + side, y + 1);
}

// cv2.GaussianBlur of a picture by 3 x 3 pixels, whose weights are 1, 2, 1.
export function blurredColors(picture) {
  const { data, width, height } = picture, out = new Uint8Array(data.length), columns = [], rows = [];
  for (let x = -1; x <= width; x++) columns.push(reflected101(x, width));
  for (let y = -1; y <= height; y++) rows.push(reflected101(y, height));
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, to++) {
        let sum = 8; // a half
        for (let v = 0; v < 3; v++) for (let u = 0; u < 3; u++) sum += (2 - Math.abs(v - 1)) * (2 - Math.abs(u - 1)) * data[3 * (rows[y + v] * width + columns[x + u]) + c];
        out[to] = sum >> 4;
      }
    }
  }
  return like(picture, out);
}
