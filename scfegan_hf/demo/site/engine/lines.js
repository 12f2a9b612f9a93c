// Faces from lines and dabs of colour alone (editing/lines.py).

import { enlarge, pictureOf } from './enlarge.js';
import { blurredColors } from './filters.js';
import { Generator } from './noise.js';
import { byte, halfToEven, nearest, plane } from './planes.js';

const refuse = (words) => { throw Object.assign(new Error(words), { said: true }); };

// sketch and color: layers {rgb, alpha} of a square sheet, as decodePng gives them; color may be null. network: async, (6, S, S)
// to (3, S, S). enlarger: enlarge.js's network. settings: {side: S, fewest, enlarge: enlarge.js's}. Gives {rgb} for each face.
export async function facesFrom({ sketch, color }, network, enlarger, settings, { seed = 0, candidates = 1, tell = () => {} } = {}) {
  const { side, fewest } = settings, lines = linesOf(sketch.alpha, side), [paint, painted] = paintOf(color, side), count = side * side, faces = [];
  if (lines.reduce((sum, value, i) => sum + Math.max(value, painted[i]), 0) * 128 ** 2 < fewest * count) {
    refuse('There is next to nothing in the drawing: draw the outline of a face, eyes, nose and mouth.');
  }
  for (let number = 0; number < candidates; number++) {
    const given = new Float32Array(6 * count);
    given.set(lines);
    for (let c = 0; c < 3; c++) for (let i = 0; i < count; i++) given[(1 + c) * count + i] = painted[i] * paint[3 * i + c];
    given.set(painted, 4 * count);
    given.set(new Generator(seed + number).normal(count), 5 * count);
    const answer = await network(given), rgb = plane(side, side, 3);
    for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) rgb.data[3 * i + c] = byte((Math.min(Math.max(answer[c * count + i], -1), 1) + 1) * 127.5);
    const { most } = settings.enlarge;
    faces.push(await enlarge(pictureOf(blurredColors(rgb)), most, enlarger, settings.enlarge, (done) => tell((number + done) / candidates)));
  }
  return faces;
}

// Lines of the network's size, 0 or 1; thin ones are made wider first, lest one vanishes.
export function linesOf(alpha, side) {
  const reach = Math.max(halfToEven(alpha.height / side), 1), { width, height } = alpha, before = Math.floor(reach / 2), wide = plane(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let v = y - before; v < y - before + reach && !wide.data[y * width + x]; v++) {
        if (v < 0 || v >= height) continue;
        for (let u = Math.max(x - before, 0); u < Math.min(x - before + reach, width); u++) if (alpha.data[v * width + u] > 96) wide.data[y * width + x] = 1;
      }
    }
  }
  return Float32Array.from(nearest(wide, side, side).data);
}

// Colours in [-1, 1] and where they are.
function paintOf(color, side) {
  if (!color) return [new Float32Array(3 * side * side), new Float32Array(side * side)];
  const rgb = nearest(color.rgb, side, side), painted = nearest(color.alpha, side, side);
  return [Float32Array.from(rgb.data, (value) => value / 127.5 - 1), Float32Array.from(painted.data, (value) => (value > 127 ? 1 : 0))];
}
