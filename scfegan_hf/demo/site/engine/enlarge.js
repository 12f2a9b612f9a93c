// A photograph two or four times as wide and high, tile by tile (editing/enlarging.py).

import { byte, plane, resized } from './planes.js';

// photo: {rgb, alpha, ...}. network: async, (3, h, w) in [-1, 1] with h and w to (3, most h, most w). settings: {tile, margin,
// most}. `tell` hears after each tile how much is done.
export async function enlarge(photo, scale, network, { tile, margin, most }, tell = () => {}) {
  const { rgb, alpha } = photo, { width, height } = rgb, out = plane(width * scale, height * scale, 3), grey = isGrey(rgb);
  const across = Math.ceil(width / tile), count = across * Math.ceil(height / tile);
  for (let number = 0; number < count; number++) {
    const x = (number % across) * tile, y = Math.floor(number / across) * tile, x1 = Math.min(x + tile, width), y1 = Math.min(y + tile, height);
    const left = Math.max(x - margin, 0), top = Math.max(y - margin, 0), right = Math.min(x1 + margin, width), bottom = Math.min(y1 + margin, height);
    const answer = await network(planes(rgb, left, top, right, bottom), right - left, bottom - top);
    place(out, answer, { from: [left, top], size: [right - left, bottom - top], own: [x, y, x1, y1] }, scale, most, grey);
    tell((number + 1) / count);
  }
  return { ...photo, rgb: out, alpha: alpha && resized(alpha, width * scale, height * scale, 'cubic') };
}

function planes({ data, width }, left, top, right, bottom) {
  const wide = right - left, count = wide * (bottom - top), values = new Float32Array(3 * count);
  for (let y = top, i = 0; y < bottom; y++) for (let x = left; x < right; x++, i++) for (let c = 0; c < 3; c++) values[c * count + i] = data[3 * (y * width + x) + c] / 127.5 - 1;
  return values;
}

// The tile's own part of an answer, averaged down to the scale; grey photographs stay grey.
function place(out, answer, { from: [left, top], size: [wide, high], own: [x0, y0, x1, y1] }, scale, most, grey) {
  const step = most / scale, row = wide * most, count = row * high * most, color = [0, 0, 0];
  for (let y = y0 * scale; y < y1 * scale; y++) {
    for (let x = x0 * scale; x < x1 * scale; x++) {
      const first = (y - top * scale) * step * row + (x - left * scale) * step;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let v = 0; v < step; v++) for (let u = 0; u < step; u++) sum += answer[c * count + first + v * row + u];
        color[c] = byte((Math.min(Math.max(sum / step ** 2, -1), 1) + 1) * 127.5);
      }
      if (grey) color.fill(byte(0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]));
      out.data.set(color, 3 * (y * out.width + x));
    }
  }
}

function isGrey({ data }) {
  for (let i = 0; i < data.length; i += 3) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}

// A picture of nothing else than its colours.
export const pictureOf = (rgb) => ({ rgb, alpha: null, profile: null });
