// Soft mattes of the parts of a face (editing/matte.py): how much of each pixel is iris, lips, brow or hair. Regions are planes
// of 0 and 1, mattes float planes; settings are demo/web.py's `recolor`.

import { blurred, boxed, softened } from './filters.js';
import { dilated, ellipse, like, plane, resized, halfToEven } from './planes.js';
import { distances } from './seam.js';
import { labOf } from './tones.js';

const held = (value, low, high) => Math.min(Math.max(value, low), high);
const floats = (source) => like(source, Float32Array.from(source.data)), over = (source, least) => like(source, Uint8Array.from(source.data, (value) => (value > least ? 1 : 0)));
const inverted = (source) => like(source, source.data.map((value) => 1 - value));

// For a part of a crop, of which `region` is a rough guess. apart: pixels between the eyes. band: how far the guess may be wrong.
// unsure: pixels beyond the region of which colours alone shall tell, or null.
export function regionMatte(rgb, region, apart, band, unsure, settings) {
  const { width, height } = region, scale = Math.min(1, settings.work / Math.max(width, height)), count = (size) => Math.max(halfToEven(size * scale), 1);
  const small = (source) => resized(source, count(width), count(height), 'area'), guide = small(rgb), rough = over(small(floats(region)), 0.5), unit = apart * scale;
  const beyond = distances(inverted(rough), true), depth = distances(withoutSpikes(rough, band.loose * unit), true), size = depth.length;
  const inside = Math.max(band.inside * unit, 1), outside = Math.max(band.outside * unit, 1), border = greyDilated(like(rough, depth), halfToEven(2 * inside)).data;
  for (let i = 0; i < size; i++) border[i] = Math.min(inside, 0.5 * border[i]); // what is thin has a sure core too
  const core = Uint8Array.from(depth, (deep, i) => (deep > border[i] ? 1 : 0)), rest = Uint8Array.from(beyond, (far) => (far > outside ? 1 : 0));
  if (unsure) small(floats(unsure)).data.forEach((value, i) => { if (value >= 0.5) rest[i] = 0; });
  const strange = band.loose ? unlike(guide, core, rest, settings) : new Uint8Array(size);
  const sure = new Float32Array(size), sample = new Float32Array(size), plain = new Float32Array(size), reach = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    if (depth[i] >= settings.gaps * unit) strange[i] = 0; // deep inside it would be gloss
    sure[i] = strange[i] && !rest[i] ? settings.hint : core[i] || rest[i] ? 1 : 0;
    sample[i] = core[i] && !strange[i] ? 1 : 0;
    plain[i] = strange[i] ? 0 : held((2 * depth[i]) / Math.max(border[i], 1), 0, 1);
    reach[i] = held(1 - beyond[i] / outside, 0, 1);
  }
  const model = colourModel(guide, sample, sure, Math.max(halfToEven(2 * Math.max(inside, outside)), 2), settings);
  const [{ data: fit }, own, far] = [model, like(rough, plain), like(rough, reach)].map((source) => (scale < 1 ? resized(source, width, height, 'linear') : source));
  const out = plane(width, height, 1, Float32Array);
  for (let i = 0; i < out.data.length; i++) {
    const seen = (fit[5 * i] * rgb.data[3 * i] + fit[5 * i + 1] * rgb.data[3 * i + 1] + fit[5 * i + 2] * rgb.data[3 * i + 2]) / 255 + fit[5 * i + 3];
    const share = held((seen - 0.25) / 0.6, 0, 1), trust = fit[5 * i + 4];
    out.data[i] = Math.min(trust * share + (1 - trust) * own.data[i], far.data[i]);
  }
  return out;
}

function withoutSpikes(region, width) { // cv2.MORPH_OPEN
  const reach = halfToEven(width / 2);
  return reach ? dilated(inverted(dilated(inverted(region), reach)), reach) : region;
}

function greyDilated({ data, width, height }, reach) {
  const out = plane(width, height, 1, Float32Array), spans = ellipse(reach), widest = new Map();
  for (const span of new Set(spans)) widest.set(span, rowsWidened(data, width, height, span));
  for (let y = 0; y < height; y++) {
    for (let v = Math.max(y - reach, 0); v <= Math.min(y + reach, height - 1); v++) {
      const row = widest.get(spans[v - y + reach]);
      for (let x = 0; x < width; x++) out.data[y * width + x] = Math.max(out.data[y * width + x], row[v * width + x]);
    }
  }
  return out;
}

// The largest value within `span` to either side, by running maxima of blocks (van Herk 1992).
function rowsWidened(data, width, height, span) {
  const block = 2 * span + 1, out = new Float32Array(data.length), size = Math.ceil((width + 2 * span) / block) * block, left = new Float32Array(size), right = new Float32Array(size);
  for (let y = 0; y < height; y++) {
    const at = (i) => (i < span || i >= span + width ? 0 : data[y * width + i - span]);
    for (let i = 0; i < size; i++) left[i] = i % block ? Math.max(left[i - 1], at(i)) : at(i);
    for (let i = size - 1; i >= 0; i--) right[i] = (i + 1) % block ? Math.max(right[i + 1], at(i)) : at(i);
    for (let x = 0; x < width; x++) out[y * width + x] = Math.max(right[x], left[x + block - 1]);
  }
  return out;
}

const CELLS = 32; // of each axis of CIELAB
// Pixels whose colour is far commoner around a part than in it: background between locks.
function unlike(guide, core, rest, { unlike: times }) {
  const lab = labOf(guide.data), cell = (value, shift) => Math.floor(held(value / 8 + shift, 0, CELLS - 1));
  const cells = Int32Array.from(core, (_, i) => (cell(lab[3 * i], 0) * CELLS + cell(lab[3 * i + 1], 16)) * CELLS + cell(lab[3 * i + 2], 16));
  const [here, there] = [core, rest].map((where) => {
    const counts = new Float32Array(CELLS ** 3);
    let total = 0;
    where.forEach((yes, i) => { if (yes) counts[cells[i]]++, total++; });
    return softCounts(counts).map((value) => value / Math.max(total, 1));
  });
  return Uint8Array.from(cells, (own) => (there[own] > times * here[own] + 1e-4 ? 1 : 0));
}

// By 1, 2, 1 along lightness and along the first axis of chroma.
function softCounts(counts) {
  const at = (i) => (i < 0 ? 1 : i >= CELLS ? CELLS - 2 : i);
  const along = (values, stride) => values.map((value, i) => {
    const own = Math.floor(i / stride) % CELLS, first = i - own * stride;
    return value / 2 + (values[first + at(own - 1) * stride] + values[first + at(own + 1) * stride]) / 4;
  });
  return along(along(counts, CELLS), CELLS * CELLS);
}

// Five values a pixel: slopes of red, green, blue (from 0 to 1) and the offset with which colours around it explain `share` best,
// heeded by `weight`; and how far that is to be trusted.
function colourModel(guide, share, weight, radius, { smooth }) {
  const { width, height } = guide, count = width * height, given = plane(width, height, 14, Float32Array), fitted = plane(width, height, 6, Float32Array);
  for (let i = 0; i < count; i++) {
    const [r, g, b] = [guide.data[3 * i] / 255, guide.data[3 * i + 1] / 255, guide.data[3 * i + 2] / 255], w = weight[i], s = share[i] * w;
    given.data.set([w, r * w, g * w, b * w, s, r * r * w, r * g * w, r * b * w, g * g * w, g * b * w, b * b * w, r * s, g * s, b * s], 14 * i);
  }
  const means = boxed(given, radius, true).data;
  for (let i = 0; i < count; i++) {
    const own = means.subarray(14 * i, 14 * i + 14), total = own[0] + 1e-6, [r, g, b, level] = [own[1] / total, own[2] / total, own[3] / total, own[4] / total];
    const spread = [own[5] / total - r * r + smooth, own[6] / total - r * g, own[7] / total - r * b, own[8] / total - g * g + smooth, own[9] / total - g * b, own[10] / total - b * b + smooth];
    const common = [own[11] / total - r * level, own[12] / total - g * level, own[13] / total - b * level], slope = solved(spread, common);
    const varied = level - level ** 2, told = slope[0] * common[0] + slope[1] * common[1] + slope[2] * common[2];
    const explained = varied > 0.01 ? told / varied : 1, offset = level - slope[0] * r - slope[1] * g - slope[2] * b;
    fitted.data.set([slope[0] * total, slope[1] * total, slope[2] * total, offset * total, explained * total, total], 6 * i);
  }
  const heard = boxed(fitted, Math.max(Math.floor(radius / 2), 1), true).data, out = plane(width, height, 5, Float32Array);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 5; k++) out.data[5 * i + k] = heard[6 * i + k] / heard[6 * i + 5];
    out.data[5 * i + 4] = held(out.data[5 * i + 4], 0, 1) ** 2;
  }
  return out;
}

// Of a symmetric matrix [a b c; b d e; c e f].
function solved([a, b, c, d, e, f], [x, y, z]) {
  const A = d * f - e * e, B = c * e - b * f, C = b * e - c * d, scale = 1 / (a * A + b * B + c * C);
  const D = a * f - c * c, E = b * c - a * e, F = a * d - b * b;
  return [(A * x + B * y + C * z) * scale, (B * x + D * y + E * z) * scale, (C * x + E * y + F * z) * scale];
}

// The matte of a brow without the skin between its hairs; light: the crop's lightness, 0 to 100.
export function strands(light, matte, apart, { least_darker: least }) {
  const skin = like(matte, matte.data.map((value) => (value < 0.05 ? 1 : 0))), sigma = Math.max(0.1 * apart, 2);
  const [sums, shares] = [like(skin, skin.data.map((value, i) => value * light.data[i])), skin].map((source) => softened(source, sigma).data);
  const darker = sums.map((sum, i) => sum / (shares[i] + 1e-6) - light.data[i]), own = darker.filter((_, i) => matte.data[i] > 0.8).sort();
  const place = 0.85 * (own.length - 1), first = Math.floor(place), depth = own.length ? own[first] + (place - first) * ((own[first + 1] ?? own[first]) - own[first]) : 0;
  return depth > least ? like(matte, matte.data.map((value, i) => value * held(darker[i] / (0.4 * depth), 0, 1))) : matte;
}

export function median(values) {
  const sorted = Float64Array.from(values).sort(), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// The iris of an eye, without pupil, catchlight and what the lids cover. opening: how much of a pixel is between the lids. centre
// and radius: a guess. target: the lightness that it is to have.
export function irisMatte(light, opening, centre, guess, target) {
  const smooth = blurred(light, Math.max(0.06 * guess, 0.6), false), [x, y, radius] = circle(smooth, centre, guess), pupil = pupilOf(smooth, x, y, radius);
  const soft = Math.max(0.12 * radius, 1), out = like(light, new Float32Array(light.data.length)), away = out.data.map((_, i) => Math.hypot((i % light.width) - x, Math.floor(i / light.width) - y));
  const ring = away.map((far, i) => held((far - pupil) / soft + 0.5, 0, 1) * opening.data[i]), shown = light.data.filter((_, i) => away[i] < 0.9 * radius && ring[i] > 0.5);
  if (!shown.length) return out;
  const own = median(shown), rim = target > own + 10 ? 0.35 : 0.12; // made lighter, it keeps the dark rim that light irises have
  return like(out, out.data.map((_, i) => held((radius + 0.5 * soft - away[i]) / Math.max(rim * radius, 1), 0, 1) * ring[i] * (1 - held((smooth.data[i] - Math.max(own + 18, target)) / 20, 0, 1))));
}

const ANGLES = [...Array.from({ length: 11 }, (_, i) => 8 * i - 40), ...Array.from({ length: 11 }, (_, i) => 140 + 8 * i)].map((degrees) => (degrees * Math.PI) / 180);
const steps = (first, last, count) => Array.from({ length: count }, (_, i) => first + ((last - first) * i) / (count - 1));

// How much lighter it is just outside a circle than just inside, by angle.
function rise({ data, width, height }, x, y, radius, step) {
  const at = (u, v) => data[held(v, 0, height - 1) * width + held(u, 0, width - 1)];
  const seen = (size, angle) => { // cv2.remap knows 32 places between two pixels
    const u = halfToEven(32 * (x + size * Math.cos(angle))) / 32, v = halfToEven(32 * (y + size * Math.sin(angle))) / 32, left = Math.floor(u), top = Math.floor(v), fx = u - left, fy = v - top;
    return (at(left, top) * (1 - fx) + at(left + 1, top) * fx) * (1 - fy) + (at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx) * fy;
  };
  return ANGLES.map((angle) => held(seen(radius + step, angle) - seen(radius - step, angle), -20, 20));
}

// The circle with the sharpest rise of lightness outwards near a guess.
function circle(light, [cx, cy], guess) {
  const moves = steps(-0.35, 0.35, 15).map((move) => move * guess), step = Math.max(0.1 * guess, 1);
  let best = [-Infinity];
  for (const dx of moves) {
    for (const dy of moves) {
      for (const radius of steps(0.75, 1.3, 12).map((size) => size * guess)) {
        const away = Math.hypot(dx, dy) / guess + Math.abs(radius / guess - 1), rises = rise(light, cx + dx, cy + dy, radius, step);
        const score = rises.reduce((sum, value) => sum + value) / rises.length - 3 * away;
        if (score > best[0]) best = [score, cx + dx, cy + dy, radius];
      }
    }
  }
  return best.slice(1);
}

// Radius of the pupil; in irises too dark to tell it from, what it usually is.
function pupilOf(light, x, y, radius) {
  const sizes = steps(0.28, 0.55, 10).map((size) => size * radius), rises = sizes.map((size) => median(rise(light, x, y, size, Math.max(0.08 * radius, 1))));
  const most = Math.max(...rises); // a catchlight is on a few angles only
  return most > 3 ? sizes[rises.indexOf(most)] : 0.36 * radius;
}
