// Recolouring (editing/recolor.py, editing/parts.py): dabs of colour change the parts of a face that they lie on, and keep the
// structure in them. Layers are planes of the photograph's size; a face is {regions, points} as seen.js gives it.

import { softened, blurred, boxed } from './filters.js';
import { apart, mean, within } from './frames.js';
import { irisMatte, median, regionMatte, strands } from './matte.js';
import { bounds, byte, components, cropped, halfToEven, like, plane } from './planes.js';
import { distances } from './seam.js';
import { nearestOf } from './seen.js';
import { labOf, shifted } from './tones.js';

const refuse = (words) => { throw Object.assign(new Error(words), { said: true }); };
const held = (value, low, high) => Math.min(Math.max(value, low), high);

// rgb with its parts in the colours of `paint` where `painted`, inside `hole` if there is one, as softly as `weight` says (0 to 255,
// or null). settings: demo/web.py's, of which `annotator` and `recolor` count here.
export function recolor(rgb, { paint, painted, hole, weight }, faces, settings) {
  const dabs = hole ? like(painted, painted.data.map((value, i) => (value && hole.data[i] ? 1 : 0))) : painted;
  if (!dabs.data.includes(1)) refuse(`Paint a colour on what is to have it${hole ? ', inside the mask' : ''}.`);
  const { labels, groups } = components(dabs), meant = new Map();
  groups.slice(1).forEach((group, number) => {
    const own = pixelsOf(labels, number + 1), part = partUnder(rgb, paint, group, own, faces, !hole, settings), key = Object.values(part).join();
    meant.set(key, { part, pixels: [...(meant.get(key)?.pixels ?? []), ...own] });
  });
  const out = like(rgb, rgb.data.slice());
  for (const { part, pixels } of meant.values()) {
    const own = plane(rgb.width, rgb.height);
    for (const i of pixels) own.data[i] = 1;
    const { box, matte, most = 100 } = partMatte(rgb, part, faces, paint, pixels, own, hole, settings);
    if (!matte.data.some((share) => share > 0.5)) refuse(`The ${part.name} under the colour cannot be told from what is around it. Redraw it instead.`);
    if (hole) limit(matte, cropped(hole, box), weight && cropped(weight, box));
    blend(out, box, matte, cropped(paint, box), cropped(own, box), most, settings.recolor);
  }
  return out;
}

function pixelsOf(labels, number) {
  const pixels = [];
  labels.forEach((label, i) => { if (label === number) pixels.push(i); });
  return pixels;
}
function colorsAt(rgb, pixels) {
  const out = new Uint8Array(3 * pixels.length);
  pixels.forEach((i, to) => { for (let c = 0; c < 3; c++) out[3 * to + c] = rgb.data[3 * i + c]; });
  return labOf(out);
}
const middleOf = (lab) => [0, 1, 2].map((axis) => median(lab.filter((_, i) => i % 3 === axis)));

// What a dab means: a part's name, of which face (null: of none), and of two of a kind which one (0 left, 1 right).
function partUnder(rgb, paint, { x0, y0, x1, y1 }, pixels, faces, maskless, { annotator, recolor: { parts, pupils, teeth: least } }) {
  const centre = [(x0 + x1) / 2, (y0 + y1) / 2], number = faces.length ? nearestOf(faces.map(({ points }) => mean(points)), centre) : null;
  let name = 'elsewhere';
  if (number !== null) {
    const counts = new Int32Array(annotator.labels.length), { regions } = faces[number];
    for (const i of pixels) counts[regions.data[i]]++;
    const votes = Object.entries(parts).map(([part, [regionNames, vote]]) => [part, vote * regionNames.reduce((sum, each) => sum + counts[annotator.labels.indexOf(each)], 0)]);
    [name] = votes.reduce((best, other) => (other[1] > best[1] ? other : best));
    if (name === 'teeth' && (!likeTeeth(colorsAt(paint, pixels)) || !teeth(rgb, faces[number], annotator, least))) name = 'lips';
  }
  if (name === 'elsewhere' && maskless) {
    refuse(`The colour at (${halfToEven(centre[0])}, ${halfToEven(centre[1])}) lies on no part of a face that was found. Give a mask of what is to have it.`);
  }
  if (name === 'elsewhere' || name === 'skin') return { name, face: null, side: 0 };
  const { points } = faces[number];
  if (name === 'hair') return { name, face: number, side: Number(inBeard(points, centre, annotator, pupils)) };
  if (name !== 'eye' && name !== 'brow') return { name, face: number, side: 0 };
  const sides = ['left', 'right'].map((side) => mean(points.slice(...annotator[`${side}_${name}`])));
  return { name, face: number, side: nearestOf(sides, centre) };
}

function marked({ regions }, names, { labels }) {
  const wanted = names.map((name) => labels.indexOf(name));
  return like(regions, regions.data.map((value) => (wanted.includes(value) ? 1 : 0)));
}

function likeTeeth(lab) {
  const [light, ...chroma] = middleOf(lab);
  return light > 55 && Math.hypot(...chroma) < 30;
}

// What is lighter and less red than the lips between them; null where the mouth is closed.
function teeth(rgb, face, annotator, least) {
  const [lips, mouth] = [['lips'], ['mouth']].map((names) => marked(face, names, annotator)), [around, between] = [lips, mouth].map(({ data }) => pixelsOf(data, 1));
  if (!around.length || !between.length) return null;
  const [light, red] = middleOf(colorsAt(rgb, around)), lab = colorsAt(rgb, between), out = plane(rgb.width, rgb.height);
  between.forEach((i, at) => { out.data[i] = lab[3 * at] > light + 3 && lab[3 * at + 1] < red - 4 ? 1 : 0; });
  return out.data.reduce((sum, value) => sum + value, 0) > least * between.length ? out : null;
}

const belowEyes = (points, pupils) => Math.max(...pupils.map((index) => points[index][1]));
const inBeard = (points, centre, { contour }, pupils) => within(points.slice(...contour), centre) && centre[1] > belowEyes(points, pupils);

// The box around a part that was painted, and its matte there.
function partMatte(rgb, { name, face: number, side }, faces, paint, pixels, dabs, hole, { annotator, recolor: settings }) {
  if (number === null) return areaMatte(rgb, dabs, hole, settings);
  const face = faces[number], { points } = face, { width, height } = rgb;
  if (name === 'eye') return eyeMatte(rgb, face, side, middleOf(colorsAt(paint, pixels))[0], annotator, settings);
  let region = marked(face, settings.parts[name][0], annotator), unsure = null;
  if (name === 'brow') {
    const [left, right] = [annotator.left_brow, annotator.right_brow].map((group) => mean(points.slice(...group))), [mx, my] = mean([left, right]);
    const half = (x, y) => (x - mx) * (right[0] - left[0]) + (y - my) * (right[1] - left[1]) > 0;
    region.data.forEach((value, i) => { if (value && half(i % width, Math.floor(i / width)) !== !!side) region.data[i] = 0; });
  }
  if (name === 'hair') {
    const corners = points.slice(...annotator.contour).map((point) => point.map(halfToEven)), from = Math.max(Math.trunc(belowEyes(points, settings.pupils)), 0);
    const [low, high] = [Math.min, Math.max].map((most) => [0, 1].map((axis) => most(...corners.map((point) => point[axis]))));
    region.data.forEach((value, i) => {
      const x = i % width, y = Math.floor(i / width), box = x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1];
      if (value && (y >= from && box && within(corners, [x, y])) !== !!side) region.data[i] = 0;
    });
    region = largePieces(region, settings.piece);
  }
  if (name === 'lips') {
    const mouth = marked(face, ['mouth'], annotator), bright = teeth(rgb, face, annotator, settings.teeth);
    if (bright) unsure = like(mouth, mouth.data.map((value, i) => (value && !bright.data[i] ? 1 : 0)));
    else mouth.data.forEach((value, i) => { if (value) region.data[i] = 1; });
  }
  const [left, right] = [annotator.left_eye, annotator.right_eye].map((group) => mean(points.slice(...group))), unit = apart(left, right), band = settings.bands[name];
  const box = boxAround(region, band.outside * unit), crop = cropped(rgb, box), matte = regionMatte(crop, cropped(region, box), unit, band, unsure && cropped(unsure, box), settings);
  return { box, matte: name === 'brow' ? strands(lightOf(crop), matte, unit, settings) : matte };
}

const lightOf = (rgb) => ({ ...rgb, channels: 1, data: labOf(rgb.data).filter((_, i) => i % 3 === 0) });

// Of the pieces of the mask that the dabs lie in; without a mask of the dabs.
function areaMatte(rgb, dabs, hole, settings) {
  const { spot } = settings;
  let [region, band] = [dabs, { inside: spot, outside: spot, loose: 0 }];
  if (hole) {
    const { labels } = components(hole), touched = new Set();
    dabs.data.forEach((value, i) => { if (value) touched.add(labels[i]); });
    [region, band] = [like(hole, Uint8Array.from(labels, (label) => (touched.has(label) ? 1 : 0))), { inside: spot, outside: 0, loose: 0 }];
  }
  const size = Math.sqrt(region.data.reduce((sum, value) => sum + value, 0)), box = boxAround(region, spot * size);
  return { box, matte: regionMatte(cropped(rgb, box), cropped(region, box), size, band, null, settings) };
}

function eyeMatte(rgb, face, side, light, annotator, settings) {
  const ring = face.points.slice(...[annotator.left_eye, annotator.right_eye][side]), wide = apart(ring[4], ring[0]), limits = [rgb.width, rgb.height];
  const edge = (axis, most, sign, round) => held(round(most(...ring.map((point) => point[axis])) + sign * 0.5 * wide), 0, limits[axis]);
  const box = [edge(0, Math.min, -1, Math.floor), edge(1, Math.min, -1, Math.floor), edge(0, Math.max, 1, Math.ceil), edge(1, Math.max, 1, Math.ceil)];
  const lids = cropped(marked(face, ['eyes', 'iris'], annotator), box), soft = blurred(lids, Math.max(0.03 * wide, 0.6), false);
  const opening = like(soft, soft.data.map((share) => held(2 * share - 0.5, 0, 1))), centre = face.points[settings.pupils[side]].map((at, axis) => at - box[axis]);
  const shown = lightOf(cropped(rgb, box)), most = lightest(shown, cropped(marked(face, ['eyes'], annotator), box), settings);
  return { box, most, matte: irisMatte(shown, opening, centre, 0.2 * wide, Math.min(light, most)) };
}

// The lightness that an iris may be given beside the white of its eye; lighter ones glow.
function lightest(light, white, { iris, least_white: least }) {
  const shown = light.data.filter((_, i) => white.data[i]).sort();
  return shown.length < least ? 100 : iris * shown[Math.floor(0.75 * (shown.length - 1))];
}

// Without the pieces that are small beside the largest.
function largePieces(region, least) {
  const { labels, groups } = components(region), most = groups.slice(1).reduce((most, { area }) => Math.max(most, area), 0);
  return like(region, Uint8Array.from(labels, (label) => (label && groups[label].area >= least * most ? 1 : 0)));
}

function boxAround(region, margin) {
  const more = Math.trunc(margin) + 4, [x0, y0, x1, y1] = bounds(region);
  return [Math.max(x0 - more, 0), Math.max(y0 - more, 0), Math.min(x1 + more, region.width), Math.min(y1 + more, region.height)];
}

// How far a mask lets a matte change: as softly as it was drawn, over two pixels where that was hard.
function limit(matte, hole, weight) {
  distances(hole).forEach((deep, i) => { matte.data[i] *= Math.min(deep / 2, 1) * (weight ? weight.data[i] / 255 : 1); });
}

// A box of the picture with the colours of its dabs, as far as the matte says, in place; those lighter than `most` as in less light.
function blend(out, box, matte, paint, dabs, most, settings) {
  const there = [], { width } = matte, rgb = cropped(out, box);
  matte.data.forEach((share, i) => { if (share > 1 / 512) there.push(i); });
  if (!there.length) return;
  const own = ownColors(rgb, matte, there), lab = labOf(own), weight = Float64Array.from(there, (i) => matte.data[i]);
  const light = like(matte, new Float32Array(matte.data.length));
  there.forEach((i, at) => { light.data[i] = lab[3 * at] * matte.data[i]; });
  const sigma = Math.max(settings.smooth_light * Math.sqrt(matte.data.reduce((sum, share) => sum + share, 0)), 2), [lights, shares] = [light, matte].map((source) => softened(source, sigma).data);
  const base = Float64Array.from(there, (i) => lights[i] / (shares[i] + 1e-6)), change = new Float64Array(own.length);
  for (const { color, share } of colorsOf(paint, dabs, there, settings)) {
    const dim = Math.min(most / Math.max(color[0], 1e-6), 1), lit = color.map((value) => value * dim);
    const moved = shifted(lab, base, weight.map((value, at) => value ** 4 * share[at]), lit, settings);
    for (let k = 0; k < change.length; k++) change[k] += share[Math.floor(k / 3)] * (moved[k] - own[k]);
  }
  there.forEach((i, at) => {
    const x = box[0] + (i % width), y = box[1] + Math.floor(i / width);
    for (let c = 0; c < 3; c++) out.data[3 * (y * out.width + x) + c] = byte(rgb.data[3 * i + c] + weight[at] * change[3 * at + c]);
  });
}

// Where a pixel is part and something else, only what is of the part changes: seen at its full share, nearby.
function ownColors(rgb, matte, there) {
  const radius = Math.max(halfToEven(0.02 * Math.max(matte.width, matte.height)), 2), full = plane(matte.width, matte.height, 4, Float32Array), own = new Float32Array(3 * there.length);
  matte.data.forEach((share, i) => {
    for (let c = 0; c < 3; c++) full.data[4 * i + c] = rgb.data[3 * i + c] * share ** 4;
    full.data[4 * i + 3] = share ** 4;
  });
  const { data } = boxed(full, radius);
  there.forEach((i, at) => {
    const share = matte.data[i];
    for (let c = 0; c < 3; c++) own[3 * at + c] = held(rgb.data[3 * i + c] * share + (data[4 * i + c] / (data[4 * i + 3] + 1e-3)) * (1 - share), 0, 255);
  });
  return own;
}

// The dabs' colours and each one's share of the pixels `there`: of several the nearest counts most.
function colorsOf(paint, dabs, there, { same_color: same }) {
  const all = pixelsOf(dabs.data, 1), lab = colorsAt(paint, all), found = [];
  let left = all.map((_, at) => at);
  const middle = (places) => [0, 1, 2].map((axis) => median(places.map((at) => lab[3 * at + axis])));
  while (left.length > 0.05 * all.length) {
    const far = (at, color) => Math.hypot(...color.map((value, axis) => lab[3 * at + axis] - value)), own = middle(left); // of two colours by halves that is neither
    const centre = left.reduce((best, at) => (far(at, own) < far(best, own) ? at : best)), color = [0, 1, 2].map((axis) => lab[3 * centre + axis]);
    const near = (at) => far(at, color) < same, alike = left.filter(near);
    found.push({ color: middle(alike), pixels: alike.map((at) => all[at]) });
    left = left.filter((at) => !near(at));
  }
  if (found.length === 1) return [{ color: found[0].color, share: new Float64Array(there.length).fill(1) }];
  const near = found.map(({ pixels }) => {
    const away = like(dabs, new Uint8Array(dabs.data.length).fill(1));
    for (const i of pixels) away.data[i] = 0;
    const far = distances(away, true);
    return Float64Array.from(there, (i) => 1 / (far[i] + 1) ** 2);
  });
  const total = near.reduce((sum, each) => sum.map((value, at) => value + each[at]));
  return found.map(({ color }, number) => ({ color, share: near[number].map((value, at) => value / total[at]) }));
}
