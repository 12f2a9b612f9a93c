// Steps onto canvases: the same functions paint what is seen, what the server gets and what is downloaded.
// A place is where world coordinates fall on a canvas: {scale, x, y} in canvas pixels, and how they are turned around that, if they are.

import { blank, props } from './page.js';
import { NAMES, stepsShown, version } from './state.js';

export function paintStep(context, step, place, from = 0) {
  const at = ([x, y]) => [x * place.scale + place.x, y * place.scale + place.y];
  context.globalCompositeOperation = 'source-over';
  if (step.kind === 'clear' || step.kind === 'picture') wipe(context);
  if (step.kind === 'picture') {
    const [x, y, wide, high] = step.box;
    if (step.image) context.drawImage(step.image, ...at([x, y]), wide * place.scale, high * place.scale);
  }
  if (step.kind === 'fill') {
    context.fillStyle = step.paint;
    context.beginPath();
    for (const point of step.points) context.lineTo(...at(point));
    context.fill();
  }
  if (step.kind === 'stroke') {
    context.globalCompositeOperation = step.erase ? 'destination-out' : 'source-over';
    context.strokeStyle = step.paint;
    context.lineCap = context.lineJoin = 'round';
    const width = (pressure) => Math.max(1, step.size * place.scale * (pressure ?? 1));
    const points = step.points.slice(Math.max(0, from - 1));
    if (points.length === 1) points.push(points[0]);
    if (points[0].length < 3) paintPath(context, points.map(at), width());
    else for (let i = 1; i < points.length; i++) paintPath(context, [at(points[i - 1]), at(points[i])], width(points[i][2]));
  }
}

function paintPath(context, points, width) {
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(...points[0]);
  for (const [x, y] of points.slice(1)) context.lineTo(x + 0.01, y); // a line of no length, a tap, would not be drawn
  context.stroke();
}

// All of a canvas, or of what it is clipped to, however it is turned.
export function wipe(context) {
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.restore();
}

// What is drawn outside of the photo is not shown.
export function insidePhoto(context, place, paint) {
  const [x, y, wide, high] = worldBox();
  context.save();
  if (place.turn) {
    context.translate(place.x, place.y);
    context.transform(...place.turn, 0, 0);
    context.translate(-place.x, -place.y);
  }
  context.beginPath();
  context.rect(x * place.scale + place.x, y * place.scale + place.y, wide * place.scale, high * place.scale);
  context.clip();
  paint();
  context.restore();
}

export function paintLayer(context, name, place) {
  wipe(context); // beside the photo too, where it may have lain before
  insidePhoto(context, place, () => {
    for (const step of stepsShown(name)) paintStep(context, step, place);
  });
}

// The photo in world coordinates, as [x, y, width, height], and photo pixels per world unit.
export const photoScale = () => Math.max(version().width, version().height);
export function worldBox() {
  const { width, height } = version();
  return [-width / 2 / photoScale(), -height / 2 / photoScale(), width / photoScale(), height / photoScale()];
}

// The whole pixels of the photo that a layer's steps may touch, as [x, y, width, height]; null if there are none.
export function touchedPixels(name, margin = 0) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const step of stepsShown(name)) {
    if (step.erase || step.kind === 'clear') continue;
    const [x, y, wide, high] = step.box ?? [];
    const points = step.points ?? [[x, y], [x + wide, y + high]], reach = 0.6 * (step.size ?? 0) + margin; // a pen pressed hard draws wider
    for (const [px, py] of points) {
      left = Math.min(left, px - reach), right = Math.max(right, px + reach);
      top = Math.min(top, py - reach), bottom = Math.max(bottom, py + reach);
    }
  }
  return left > right ? null : pixelBox(left, top, right, bottom);
}

function pixelBox(left, top, right, bottom) {
  const { width, height } = version(), scale = photoScale();
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  const x0 = clamp(Math.floor(left * scale + width / 2) - 1, width), x1 = clamp(Math.ceil(right * scale + width / 2) + 1, width);
  const y0 = clamp(Math.floor(top * scale + height / 2) - 1, height), y1 = clamp(Math.ceil(bottom * scale + height / 2) + 1, height);
  return x1 > x0 && y1 > y0 ? [x0, y0, x1 - x0, y1 - y0] : null;
}

// A layer over a box of photo pixels as a canvas no larger than the server takes, each pixel drawn or not.
export function hardLayer(name, [x, y, wide, high]) {
  const { width, height } = version(), shrink = Math.min(1, props.canvas_side / Math.max(wide, high));
  const canvas = blank(Math.max(1, Math.round(wide * shrink)), Math.max(1, Math.round(high * shrink)));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  paintLayer(context, name, { scale: photoScale() * shrink, x: (width / 2 - x) * shrink, y: (height / 2 - y) * shrink });
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  let drawn = false;
  for (let i = 3; i < image.data.length; i += 4) {
    image.data[i] = image.data[i] >= 128 ? 255 : 0;
    drawn ||= image.data[i] > 0;
  }
  context.putImageData(image, 0, 0);
  return { canvas, context, image, drawn };
}

// The drawing as the server takes it: a frame in photo pixels around the mask, and the layers over it as PNG.
export function drawingForServer() {
  return layersOver(touchedPixels('mask') ?? [0, 0, version().width, version().height]);
}

// The same of all of the photo, which is not sent.
export const wholeDrawing = () => ({ ...layersOver([0, 0, version().width, version().height]), photo: null });

function layersOver(frame) {
  const layers = NAMES.map((name) => {
    const { canvas, drawn } = hardLayer(name, frame);
    return [name, drawn ? canvas.toDataURL('image/png') : null];
  });
  return { photo: version().uploaded, frame, ...Object.fromEntries(layers) };
}
