// What the page knows: layers and their brushes, versions of the photo, and each version's drawing as a list of steps.
// Coordinates of steps are "world" units: origin in the photo's middle, its longer side is 1. So a drawing keeps its shape
// on a photo of another size or shape, and can be painted again at any zoom.

import { backend, copyOf, editor, say } from './page.js';
import { tinted } from './shapes.js';

// Brush sizes are pixels of a frame (the photo, or the face in it) whose longer side is 512.
export const LAYERS = {
  mask: { size: 12, feather: 0, opacity: 0.7, paint: '#ffc0d9', tools: ['brush', 'eraser', 'line', 'rectangle', 'lasso', 'part', 'hand'] },
  sketch: { size: 2, opacity: 1, paint: '#15171c', tools: ['brush', 'eraser', 'line', 'rectangle', 'lasso', 'hand'] },
  color: { size: 4, opacity: 0.9, paint: '#8a5a3c', tools: ['brush', 'eraser', 'line', 'rectangle', 'lasso', 'eyedropper', 'hand'] },
};
export const NAMES = Object.keys(LAYERS);
for (const layer of Object.values(LAYERS)) Object.assign(layer, { tool: 'brush', hidden: false });

// versions: {name, blob, url, width, height, uploaded, thumbnail, steps, undone, frame, faces, sample: whether it comes of an example}
// way: whether an edit redraws or recolors, or how a sheet is read, where the user chose.
export const state = { layer: 'mask', mode: 'draw', way: null, versions: [], current: -1, recent: [], running: false };
// What the hand is doing. stroke: the step being drawn, with the pointer that draws it; gesture: two fingers, or a drag.
// last: where the last stroke ended, {version, layer, point}, for a straight line from there.
export const hand = { stroke: null, gesture: null, last: null };
export const version = () => state.versions[state.current];
export const ownVersions = () => state.versions.filter(({ sample }) => !sample); // an example, and what was made of it, come after them
export const steps = () => version()?.steps ?? [];

// What happened, for the modules above this one. ink: a layer's drawing changed (its name); choice: tool, mode, size or what can
// be pressed; photo: another version is shown; versions: the list of them; view: zoom, pan or size; keep: something to keep.
const EVENTS = { ink: [], choice: [], photo: [], versions: [], view: [], keep: [] };
export const when = (event, act) => void EVENTS[event].push(act);
export const tell = (event, value) => EVENTS[event].forEach((act) => act(value));

export function addStep(step) {
  version().steps.push(step);
  version().undone = [];
  drawingChanged(step.layer);
}

function moveStep(from, to) {
  if (!version() || state.mode !== 'draw') return;
  const step = version()[from].pop();
  if (!step) return;
  version()[to].push(step);
  if (step.layer !== state.layer) chooseLayer(step.layer);
  drawingChanged(step.layer);
}
export const undo = () => (state.mode === 'result' ? backToDrawing() : moveStep('steps', 'undone')); // an edit is undone as a stroke is
export const redo = () => moveStep('undone', 'steps');

export function clearLayer(name) {
  if (hasInk(name)) addStep({ kind: 'clear', layer: name });
}

// Whether anything may be drawn on a layer: what was erased by hand is found out only when it is painted.
export const hasInk = (name) => isInked(steps(), name);

export function isInked(drawn, name) {
  const own = drawn.filter((step) => step.layer === name);
  const last = own.findLastIndex((step) => step.kind === 'clear');
  return own.slice(last + 1).some((step) => !step.erase);
}

// The steps of a layer that still show: from the last one that takes the whole layer's place.
export function stepsShown(name) {
  const own = steps().filter((step) => step.layer === name);
  return own.slice(Math.max(0, own.findLastIndex((step) => step.kind === 'clear' || step.kind === 'picture')));
}

// Colours without lines can mean two things: the same part in another colour, or another part. Who masked a part by a click, or
// nothing at all, most likely means the first.
const RECOLORED = ['eye', 'brow', 'mouth', 'hair'];
export const asksWay = () => (version()?.lines ? backend.doodles && hasInk('sketch') : backend.modes.includes('recolor') && hasInk('color') && !hasInk('sketch'));

// A drawing on an empty sheet is a doodle, which means a face, or lines that are to be followed; who adds colours means lines.
const OF_SHEETS = ['doodle', 'lines'];
function wayOfSheet() {
  if (!backend.doodles) return 'lines';
  return OF_SHEETS.includes(state.way) ? state.way : hasInk('color') ? 'lines' : 'doodle';
}

export function way() {
  if (version()?.lines) return wayOfSheet();
  if (!asksWay()) return 'redraw';
  const masks = stepsShown('mask').filter(({ kind }) => kind !== 'clear');
  if (state.way && !OF_SHEETS.includes(state.way)) return state.way;
  return masks.every(({ part }) => RECOLORED.includes(part)) ? 'recolor' : 'redraw';
}

export function chooseWay(chosen) {
  state.way = chosen;
  tell('choice');
}

function drawingChanged(name) {
  tell('ink', name);
  tell('choice');
  tell('keep');
}

export function setMode(mode) {
  state.mode = editor.dataset.mode = mode;
  tell('choice');
}

export function backToDrawing() {
  if (state.mode !== 'result') return;
  setMode('draw');
  say('');
}

export function chooseLayer(name) {
  state.layer = name;
  backToDrawing();
  tell('choice');
}

export function chooseTool(tool) {
  if (!LAYERS[state.layer].tools.includes(tool)) return;
  LAYERS[state.layer].tool = tool;
  backToDrawing();
  tell('choice');
}

export function setSize(size) {
  LAYERS[state.layer].size = Math.min(Math.max(size, 1), 80);
  tell('choice');
  tell('keep');
}

export function nextSize(direction) {
  const { size } = LAYERS[state.layer];
  return size + direction * (size + (direction < 0 ? -1 : 0) < 10 ? 1 : size < 30 ? 2 : 5);
}

export function setColor(color) {
  LAYERS.color.paint = color;
  if (LAYERS.color.tool === 'eyedropper') LAYERS.color.tool = 'brush';
  tell('choice');
}

// Lines in a colour that can be seen on the photo; what is sent is where they are.
export const LINE_COLORS = ['#15171c', '#ffffff', '#e5484d', '#2f9e5b'];
export function setLineColor(paint) {
  LAYERS.sketch.paint = paint;
  for (const { steps: done, undone } of state.versions) {
    for (const step of [...done, ...undone]) {
      if (step.layer !== 'sketch') continue;
      if (step.paint) step.paint = paint;
      if (step.image) Object.assign(step, recolored(step.image, paint));
    }
  }
  drawingChanged('sketch');
}

function recolored(image, paint) {
  const canvas = tinted(copyOf(image), paint);
  return { image: canvas, url: canvas.toDataURL('image/png') };
}

export function rememberColor(color) {
  state.recent = [color, ...state.recent.filter((other) => other !== color)].slice(0, 6);
}

export function hide(name, hidden) {
  LAYERS[name].hidden = hidden;
  tell('choice');
}
