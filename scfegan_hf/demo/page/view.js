// What part of the photo is seen: zoom and pan, and the canvases at the size of the stage.

import { paintLayer, photoScale, worldBox } from './drawing.js';
import { find, photo, result, stage } from './page.js';
import { LAYERS, NAMES, state, tell, version, when } from './state.js';

export const canvases = {}, contexts = {}; // of each layer, and of the shape being drawn: "preview"
export const view = { scale: 1, x: 0, y: 0, fit: 1, ratio: 1 }; // CSS pixels per world unit; the world's origin in CSS pixels
const MOST_ZOOM = 40;

export const place = () => ({ scale: view.scale * view.ratio, x: view.x * view.ratio, y: view.y * view.ratio });
export function toWorld(event) {
  const box = stage.getBoundingClientRect();
  return [(event.clientX - box.left - view.x) / view.scale, (event.clientY - box.top - view.y) / view.scale];
}

export function redraw(name) {
  if (version()) paintLayer(contexts[name], name, place());
}

function showView() {
  if (!version()) return;
  const [x, y, wide, high] = worldBox();
  const style = `left:${x * view.scale + view.x}px;top:${y * view.scale + view.y}px;width:${wide * view.scale}px;height:${high * view.scale}px`;
  photo.style.cssText = result.style.cssText = style;
  NAMES.forEach(redraw);
  tell('view');
  find('[data-do=fit] span').textContent = `${Math.round((view.scale / view.fit) * 100)} %`;
}

export function moveView(scale, x, y) {
  const [, , wide, high] = worldBox(), { clientWidth, clientHeight } = stage;
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

// Show a part of the photo, in photo pixels, as large as it goes.
export function showBox([x, y, wide, high]) {
  const { width, height } = version(), { clientWidth, clientHeight } = stage, unit = photoScale();
  const scale = Math.min((clientWidth / wide) * unit, (clientHeight / high) * unit);
  moveView(scale, clientWidth / 2 - ((x + wide / 2 - width / 2) / unit) * scale, clientHeight / 2 - ((y + high / 2 - height / 2) / unit) * scale);
}

export function measureStage() {
  const { clientWidth, clientHeight } = stage;
  if (!version() || !clientWidth || !clientHeight) return;
  const [, , wide, high] = worldBox(), zoom = view.scale / view.fit, middle = [(clientWidth / 2 - view.x) / view.scale, (clientHeight / 2 - view.y) / view.scale];
  view.fit = Math.min(clientWidth / wide, clientHeight / high);
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
