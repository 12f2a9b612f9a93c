// What makes a mask or sketch out of what is there: grow, shrink, invert, around the drawing, mirror, load and save.
// Each result is one step, a picture that takes the layer's place, so that one undo takes it back.

import { drawingForServer, hardLayer, paintLayer, photoScale, touchedPixels } from './drawing.js';
import { backend, blank, canvasOf, find, props, say } from './page.js';
import { complement, filled, framesPair, narrowed, tinted, widened } from './shapes.js';
import { addStep, hasInk, LAYERS, state, version } from './state.js';
import { uploaded } from './versions.js';
import { brushUnit } from './view.js';

function addPicture(layer, [x, y, wide, high], canvas, more) {
  const { width, height } = version(), unit = photoScale();
  const box = [(x - width / 2) / unit, (y - height / 2) / unit, wide / unit, high / unit];
  addStep({ kind: 'picture', layer, box, url: canvas.toDataURL('image/png'), image: canvas, ...more });
}

const wholePhoto = () => [0, 0, version().width, version().height];
export const joined = (a, b) => {
  if (!a || !b) return a ?? b;
  const [x, y] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
  return [x, y, Math.max(a[0] + a[2], b[0] + b[2]) - x, Math.max(a[1] + a[3], b[1] + b[3]) - y];
};

// How far Grow and Shrink move the mask's edge, in pixels of the photo: as the field says, or else a little of the face.
export const usualSpread = () => Math.max(1, Math.round(6 * brushUnit() * photoScale()));
const spread = () => Number(find('[data-set=spread]').value) || usualSpread();

export function spreadMask(direction) {
  const amount = spread() / photoScale(), frame = touchedPixels('mask', 2 * amount);
  if (!frame) return say('There is no mask yet.', true);
  const { canvas } = hardLayer('mask', frame), reach = (amount * photoScale() * canvas.width) / frame[2];
  addPicture('mask', frame, direction > 0 ? widened(canvas, reach, LAYERS.mask.paint) : narrowed(canvas, reach, LAYERS.mask.paint));
}

export function invertMask() {
  addPicture('mask', wholePhoto(), complement(hardLayer('mask', wholePhoto()).canvas, LAYERS.mask.paint));
}

// Around what is drawn, and what it goes around; but the eyes behind glasses stay.
export function maskDrawing() {
  const unit = brushUnit(), margin = 40 * unit;
  const frame = [touchedPixels('sketch', margin), touchedPixels('color', margin), touchedPixels('mask', margin)].reduce(joined);
  if (!hasInk('sketch') && !hasInk('color')) return say('Draw something in Sketch or Color first.', true), false;
  const drawn = hardLayer('sketch', frame).canvas, pixel = (unit * photoScale() * drawn.width) / frame[2];
  drawn.getContext('2d').drawImage(hardLayer('color', frame).canvas, 0, 0);
  const along = widened(drawn, 8 * pixel, LAYERS.mask.paint);
  const area = framesPair(along) ? along : narrowed(filled(widened(drawn, 20 * pixel, LAYERS.mask.paint), LAYERS.mask.paint), 12 * pixel, LAYERS.mask.paint);
  area.getContext('2d').drawImage(hardLayer('mask', frame).canvas, 0, 0);
  addPicture('mask', frame, area);
  return true;
}

export function mirrorSketch() {
  const touched = touchedPixels('sketch');
  if (!touched) return say('There is no sketch yet.', true);
  const { frame, width } = version(), axis = frame ? frame[0] + frame[2] / 2 : width / 2; // the face's middle, or the photo's
  const reach = Math.ceil(Math.max(axis - touched[0], touched[0] + touched[2] - axis));
  const box = [axis - reach, touched[1], 2 * reach, touched[3]];
  const { canvas } = hardLayer('sketch', box), out = blank(canvas.width, canvas.height), context = out.getContext('2d');
  context.drawImage(canvas, 0, 0);
  context.scale(-1, 1);
  context.drawImage(canvas, -canvas.width, 0);
  addPicture('sketch', box, out);
}

export async function tracePhoto() {
  const own = version();
  try {
    say('Looking for lines…');
    const drawing = drawingForServer();
    await uploaded();
    const { sketch, frame } = await backend.ask('trace', { drawing: { ...drawing, photo: own.uploaded } });
    const lines = tinted(await canvasOf(sketch), LAYERS.sketch.paint);
    if (own !== version()) return;
    addPicture('sketch', frame, lines);
    say(hasInk('mask') ? 'Lines added under the mask.' : 'Lines added. Paint a mask over those that should change.');
  } catch (error) {
    say(error.message, true);
  }
}

// A click on an eye, the mouth, the hair: the server knows the part below it and sends its mask.
let looking = Promise.resolve();
export const partsMasked = () => looking; // whoever presses Edit meanwhile means with them
export const maskPart = (point) => (looking = Promise.all([looking, findPart(point)]));

async function findPart([x, y]) {
  const own = version(), { width, height } = own, point = [Math.floor(x * photoScale() + width / 2), Math.floor(y * photoScale() + height / 2)];
  try {
    say('Looking for the part…');
    await uploaded();
    const { part, mask, frame } = await backend.ask('part', { drawing: { photo: own.uploaded }, point });
    const area = tinted(await canvasOf(mask), LAYERS.mask.paint);
    if (own !== version()) return;
    const all = joined(touchedPixels('mask'), frame), { canvas } = hardLayer('mask', all), scale = canvas.width / all[2];
    const place = [(frame[0] - all[0]) * scale, (frame[1] - all[1]) * scale, frame[2] * scale, frame[3] * scale];
    canvas.getContext('2d').drawImage(area, ...place);
    addPicture('mask', all, canvas, { part });
    say(`Masked: ${part}. Draw what should be there, and dab its colour.`);
  } catch (error) {
    say(error.message, true);
  }
}

// Layers as files have the photo's size: mask and sketch white on black, colours on nothing, as the API takes them.
export function saveLayer() {
  const name = state.layer, { width, height } = version(), out = blank(width, height), context = out.getContext('2d');
  paintLayer(context, name, { scale: photoScale(), x: width / 2, y: height / 2 });
  if (name !== 'color') {
    tinted(out, '#fff');
    context.globalCompositeOperation = 'destination-over';
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
  }
  out.toBlob((blob) => download(URL.createObjectURL(blob), `${name}.png`), 'image/png');
}

function download(url, name) {
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function loadLayer(file) {
  const name = state.layer;
  let canvas;
  try {
    canvas = await canvasOf(URL.createObjectURL(file));
  } catch {
    return say('This file is not a picture that your browser can show. Choose a PNG file.', true);
  }
  if (Math.abs(canvas.width / canvas.height / (version().width / version().height) - 1) > 0.02) return say('This picture has another shape than the photo.', true);
  const context = canvas.getContext('2d'), image = context.getImageData(0, 0, canvas.width, canvas.height), { data } = image;
  const seeThrough = data.some((value, index) => index % 4 === 3 && value < 128);
  if (name === 'color' && !seeThrough) return say('A colour picture must be transparent where nothing is painted.', true);
  if (!seeThrough) { // light on dark
    for (let i = 0; i < data.length; i += 4) data[i + 3] = Math.max(data[i], data[i + 1], data[i + 2]) >= 64 ? 255 : 0;
    context.putImageData(image, 0, 0);
  }
  const shrink = Math.min(1, props.canvas_side / Math.max(canvas.width, canvas.height)), small = blank(Math.round(canvas.width * shrink), Math.round(canvas.height * shrink));
  small.getContext('2d').drawImage(canvas, 0, 0, small.width, small.height);
  addPicture(name, wholePhoto(), name === 'color' ? small : tinted(small, LAYERS[name].paint));
}

export function startHelpers() {
  find('.layer-file').addEventListener('change', ({ target }) => { if (target.files[0] && version()) loadLayer(target.files[0]); target.value = ''; });
}
