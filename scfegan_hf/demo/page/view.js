// What part of the photo is seen, and which way up: zoom, pan and turn, and the canvases at the size of the stage.

import { along, back, DEGREE, extent, isStraight, matrixOf, wrapped } from './bearing.js';
import { paintLayer, photoScale, worldBox } from './drawing.js';
import { find, photo, result, stage } from './page.js';
import { LAYERS, NAMES, state, tell, version, when } from './state.js';

export const canvases = {}, contexts = {}; // of each layer, and of the shape being drawn: "preview"
// CSS pixels per world unit; the world's origin, the photo's middle, in CSS pixels; how it is turned around that, and mirrored (-1).
export const view = { scale: 1, x: 0, y: 0, fit: 1, ratio: 1, angle: 0, flip: 1 };
const MOST_ZOOM = 40, STEP = 15 * DEGREE, NEARLY = 5 * DEGREE;

export const place = () => ({ scale: view.scale * view.ratio, x: view.x * view.ratio, y: view.y * view.ratio, ...(isStraight(view) ? {} : { turn: matrixOf(view) }) });
export function toWorld(event) {
  const box = stage.getBoundingClientRect();
  return back(matrixOf(view), [event.clientX - box.left - view.x, event.clientY - box.top - view.y]).map((value) => value / view.scale);
}
// Where a point of the world is on the stage.
export function onStage([x, y]) {
  const [right, down] = along(matrixOf(view), [x * view.scale, y * view.scale]);
  return [right + view.x, down + view.y];
}
// The box of the stage that the photo lies in, [left, top, width, height].
export function seenBox() {
  const [, , wide, high] = worldBox(), [width, height] = extent(matrixOf(view), wide * view.scale, high * view.scale);
  return [view.x - width / 2, view.y - height / 2, width, height];
}
// For CSS: how an element lies whose middle is the world's origin.
export const turnStyle = () => (isStraight(view) ? '' : `transform:rotate(${view.angle}rad) scaleX(${view.flip})`);

export function redraw(name) {
  if (version()) paintLayer(contexts[name], name, place());
}

function showView() {
  if (!version()) return;
  const [x, y, wide, high] = worldBox();
  const style = `left:${x * view.scale + view.x}px;top:${y * view.scale + view.y}px;width:${wide * view.scale}px;height:${high * view.scale}px;${turnStyle()}`;
  photo.style.cssText = result.style.cssText = find('.trial').style.cssText = style;
  NAMES.forEach(redraw);
  tell('view');
  find('[data-do=fit] span').textContent = `${Math.round((view.scale / view.fit) * 100)} %`;
  const turned = `${Math.round(view.angle / DEGREE)}°${view.flip < 0 ? ' ⇋' : ''}`;
  Object.assign(find('[data-do=straighten]'), { hidden: isStraight(view), textContent: turned });
}

export function moveView(scale, x, y) {
  const [, , ...sides] = worldBox(), [wide, high] = extent(matrixOf(view), ...sides), { clientWidth, clientHeight } = stage;
  view.scale = Math.min(Math.max(scale, view.fit), view.fit * MOST_ZOOM);
  // A photo smaller than the stage stays in its middle, a larger one covers it.
  const kept = (value, size, room) => {
    const spare = Math.max(0, (size * view.scale - room) / 2);
    return Math.min(Math.max(value, room / 2 - spare), room / 2 + spare);
  };
  view.x = kept(x, wide, clientWidth);
  view.y = kept(y, high, clientHeight);
  showView();
}

export function zoomAt(x, y, factor) {
  const scale = Math.min(Math.max(view.scale * factor, view.fit), view.fit * MOST_ZOOM), grown = scale / view.scale;
  moveView(scale, x + (view.x - x) * grown, y + (view.y - y) * grown);
}

export function fitView() {
  moveView(view.fit, 0, 0);
}

function measureFit() {
  const [, , ...sides] = worldBox(), [wide, high] = extent(matrixOf(view), ...sides);
  view.fit = Math.min(stage.clientWidth / wide, stage.clientHeight / high);
}

// Turn what is seen, and not the photo, around a point of the stage.
export function turnAt(x, y, by) {
  const angle = wrapped(view.angle + by), [right, down] = along(matrixOf({ angle: angle - view.angle, flip: 1 }), [view.x - x, view.y - y]);
  const whole = view.scale <= view.fit;
  view.angle = angle;
  measureFit();
  moveView(whole ? view.fit : view.scale, x + right, y + down);
}
const turnMiddle = (by) => version() && turnAt(stage.clientWidth / 2, stage.clientHeight / 2, by);
export const turnView = (steps) => turnMiddle(STEP * (Math.round(view.angle / STEP) + steps) - view.angle);
// Left for right, as it is seen: painters look at a face so to find what is crooked in it.
export function flipView() {
  if (!version()) return;
  Object.assign(view, { flip: -view.flip, angle: wrapped(-view.angle) });
  moveView(view.scale, stage.clientWidth - view.x, view.y);
}
export function straightenView() {
  if (view.flip < 0) flipView();
  turnMiddle(-view.angle);
}
// Fingers that let go of a view that is all but straight meant to.
export const settleView = () => { if (view.angle && Math.abs(view.angle) < NEARLY) turnMiddle(-view.angle); };

// Another photo: all of it, as it stands.
export function resetView() {
  Object.assign(view, { angle: 0, flip: 1 });
  measureFit();
  fitView();
}

// Show a part of the photo, in photo pixels, as large as it goes.
export function showBox([x, y, wide, high]) {
  const { width, height } = version(), { clientWidth, clientHeight } = stage, unit = photoScale(), matrix = matrixOf(view);
  const [across, down] = extent(matrix, wide / unit, high / unit), scale = Math.min(clientWidth / across, clientHeight / down);
  const [right, below] = along(matrix, [((x + wide / 2 - width / 2) / unit) * scale, ((y + high / 2 - height / 2) / unit) * scale]);
  moveView(scale, clientWidth / 2 - right, clientHeight / 2 - below);
}

export function measureStage() {
  const { clientWidth, clientHeight } = stage;
  if (!version() || !clientWidth || !clientHeight) return;
  const zoom = view.scale / view.fit, middle = [(clientWidth / 2 - view.x) / view.scale, (clientHeight / 2 - view.y) / view.scale];
  measureFit();
  view.ratio = Math.min(window.devicePixelRatio || 1, 2048 / Math.max(clientWidth, clientHeight));
  for (const canvas of Object.values(canvases)) {
    canvas.width = Math.round(clientWidth * view.ratio);
    canvas.height = Math.round(clientHeight * view.ratio);
  }
  const scale = view.fit * Math.max(zoom, 1);
  moveView(scale, clientWidth / 2 - middle[0] * scale, clientHeight / 2 - middle[1] * scale);
}
// World units that one pixel of brush size covers: of the face that is worked on, or else of the photo.
export const brushUnit = () => (version().frame ? Math.max(version().frame[2], version().frame[3]) / photoScale() : 1) / 512;
export const brushSize = (name = state.layer) => LAYERS[name].size * brushUnit();

let cursor = null; // where it was shown last
export const refreshCursor = () => { if (cursor && version()) showCursor(cursor); };
export function showCursor({ clientX, clientY }) {
  cursor = { clientX, clientY };
  const box = stage.getBoundingClientRect(), tool = LAYERS[state.layer].tool;
  const round = ['brush', 'eraser', 'line'].includes(tool);
  const diameter = round ? Math.max(5, brushSize() * view.scale) : 0;
  find('.cursor').style.cssText = `left:${clientX - box.left}px;top:${clientY - box.top}px;width:${diameter}px;height:${diameter}px`;
}

export function startView() {
  for (const name of [...NAMES, 'preview']) {
    canvases[name] = find(`canvas.${name}`);
    contexts[name] = canvases[name].getContext('2d');
  }
  new ResizeObserver(() => requestAnimationFrame(measureStage)).observe(stage);
  when('ink', redraw);
}
