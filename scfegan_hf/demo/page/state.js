// What the page knows: layers and their brushes, versions of the photo, and each version's drawing as a list of steps.
// The files of this folder are joined to one script that runs once; gr.HTML gives `element`, `props`, `trigger`,
// `upload` and `watch`. Coordinates of steps are "world" units: origin in the photo's middle, its longer side is 1. So
// a drawing keeps its shape on a photo of another size or shape, and can be painted again at any zoom.

const find = (selector) => element.querySelector(selector);
const findAll = (selector) => [...element.querySelectorAll(selector)];
const editor = find('.editor');

// Brush sizes are pixels of a frame (the photo, or the face in it) whose longer side is 512.
const LAYERS = {
  mask: { size: 12, opacity: 0.7, paint: '#ffc0d9', tools: ['brush', 'eraser', 'line', 'rectangle', 'lasso', 'part'] },
  sketch: { size: 2, opacity: 1, paint: '#15171c', tools: ['brush', 'eraser', 'line'] },
  color: { size: 4, opacity: 0.9, paint: '#8a5a3c', tools: ['brush', 'eraser', 'line', 'eyedropper'] },
};
const NAMES = Object.keys(LAYERS);
for (const layer of Object.values(LAYERS)) Object.assign(layer, { tool: 'brush', hidden: false });

// versions: {name, blob, url, width, height, uploaded, thumbnail, steps, undone, frame, faces, sample: whether it comes of an example}
const state = { layer: 'mask', mode: 'draw', versions: [], current: -1, recent: [], running: false };
const version = () => state.versions[state.current];
const ownVersions = () => state.versions.filter(({ sample }) => !sample); // an example, and what was made of it, come after them
const steps = () => version()?.steps ?? [];

function addStep(step) {
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
const undo = () => moveStep('steps', 'undone');
const redo = () => moveStep('undone', 'steps');

function clearLayer(name) {
  if (hasInk(name)) addStep({ kind: 'clear', layer: name });
}

// Whether anything may be drawn on a layer: what was erased by hand is found out only when it is painted.
function hasInk(name) {
  const own = steps().filter((step) => step.layer === name);
  const last = own.findLastIndex((step) => step.kind === 'clear');
  return own.slice(last + 1).some((step) => !step.erase);
}

function drawingChanged(name) {
  redraw(name);
  refreshPanel();
  keepDrawing();
}

function setMode(mode) {
  state.mode = editor.dataset.mode = mode;
  refreshPanel();
}

function say(text, wrong = false) {
  const status = find('.status');
  status.textContent = text;
  status.classList.toggle('wrong', wrong);
}
