// Buttons, sliders, colours and keys, and what they show.

import { nudgeDivider } from './divider.js';
import { chooseFace, hideFaceOffer, offerFaces } from './faces.js';
import { invertMask, maskDrawing, mirrorSketch, saveLayer, spreadMask, tracePhoto, usualSpread } from './helpers.js';
import { holdSpace, movePen, pressPen } from './input.js';
import { backend, editor, element, find, findAll, press, stage } from './page.js';
import { copyResult, downloadJpeg } from './copies.js';
import { closeCamera, openCamera, shoot, startLines } from './photo.js';
import { enlargeMore, enlargeTwice } from './change.js';
import { backToPhoto } from './peek.js';
import { makeUp, makeupOff } from './makeup.js';
import { paintIn } from './style.js';
import { saveProject } from './project.js';
import { backToResults, cancelAsked, chosenFile, continueFromResult, download, hasResults, runEdit } from './result.js';
import {
  asksWay, backToDrawing, chooseLayer, chooseTool, chooseWay, clearLayer, hasInk, hide, LAYERS, LINE_COLORS, NAMES, nextSize, redo, setColor, setLineColor, setSize, state, steps, undo, version, way, when,
} from './state.js';
import { bringBack, deleteVersion } from './versions.js';
import { turnPhoto } from './turn.js';
import { canvases, fitView, flipView, straightenView, turnView, zoomAt } from './view.js';

const DROPPED = ['#8a5a3c', '#2b1d16', '#5b7fa6', '#4d7a4f', '#b5524f', '#f2e9e1']; // to start with: hair, eyes, lips, teeth

export function refreshPanel() {
  const layer = LAYERS[state.layer], drawn = steps();
  editor.dataset.state = version() ? 'ready' : 'empty';
  editor.dataset.layer = state.layer;
  stage.dataset.tool = layer.tool;
  stage.tabIndex = version() ? 0 : -1; // nothing to draw on lies between who comes by keys and "Choose a photo"
  for (const part of findAll('.layers, .tools, .options, .more')) part.inert = !version();
  for (const button of findAll('.layers [data-layer]')) press(button, button.dataset.layer === state.layer && state.mode === 'draw');
  for (const button of findAll('[data-hide]')) press(button, LAYERS[button.dataset.hide].hidden);
  for (const button of findAll('.tools [data-tool]')) {
    press(button, button.dataset.tool === layer.tool && state.mode === 'draw');
    button.hidden = !layer.tools.includes(button.dataset.tool);
  }
  find('.turns').hidden = layer.tool !== 'hand';
  find('.size').hidden = layer.tool === 'hand';
  for (const button of findAll('[data-for]')) button.hidden = button.dataset.for !== state.layer;
  for (const name of NAMES) {
    canvases[name].style.opacity = LAYERS[name].opacity;
    canvases[name].style.visibility = LAYERS[name].hidden ? 'hidden' : ''; // else as all ink is: hidden while the photo is shown
  }
  canvases.preview.style.opacity = layer.opacity;
  find('[data-set=size]').value = find('[data-set=size]').nextElementSibling.value = layer.size;
  find('[data-set=opacity]').value = Math.round(layer.opacity * 100);
  find('[data-set=opacity]').nextElementSibling.value = `${Math.round(layer.opacity * 100)} %`;
  find('.colors input[type=color]').value = LAYERS.color.paint;
  showSwatches();
  for (const button of findAll('.line-colors button')) press(button, button.title === LAYERS.sketch.paint);
  find('.sketch-dot').style.background = LAYERS.sketch.paint;
  find('.more summary').textContent = `More for ${{ mask: 'Mask', sketch: 'Sketch', color: 'Color' }[state.layer]}`;
  find('.ways').hidden = state.mode !== 'draw' || !asksWay();
  find('.ways').setAttribute('aria-label', version()?.lines ? 'How the drawing is read' : 'What the colour is for');
  for (const button of findAll('[data-way]')) {
    button.hidden = ['doodle', 'lines'].includes(button.dataset.way) !== !!version()?.lines;
    press(button, button.dataset.way === way());
  }
  const drawing = version() && state.mode === 'draw';
  find('[data-do=undo]').disabled = drawing ? !drawn.length : !version();
  find('[data-do=redo]').disabled = !drawing || !version().undone.length;
  find('[data-do=results]').hidden = !drawing || !hasResults();
  for (const name of ['enlarge', 'enlarge-4']) find(`[data-do=${name}]`).hidden = !backend.enlarges;
  find('[data-do=faces]').hidden = !drawing || !version().faces.length || stage.classList.contains('offering');
  for (const name of ['turn', 'flip']) find(`[data-do=${name}]`).disabled = !drawing || state.running;
  if (version()) find('[data-set=spread]').placeholder = usualSpread();
  find('[data-do=edit] .word').textContent = state.running ? 'Working' : state.mode === 'result' ? 'Try again' : 'Edit';
  find('[data-do=edit]').disabled = !version() || state.running;
  for (const button of findAll('.helpers .buttons button')) button.disabled = !version();
  for (const name of ['clear', 'save']) find(`[data-do=${name}]`).disabled = !version() || !hasInk(state.layer);
}

function showSwatches() {
  const colors = [...new Set([...state.recent, ...DROPPED])].slice(0, 6), row = find('.recent');
  row.replaceChildren(...colors.map((color) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.style.background = color;
    button.title = color;
    button.setAttribute('aria-label', `Colour ${color}`);
    press(button, color === LAYERS.color.paint);
    button.onclick = () => setColor(color);
    return button;
  }));
}

// Hold a button or Tab to see the photo without the drawing.
function showOriginal(shown) {
  stage.classList.toggle('original', shown);
}

const ACTIONS = {
  undo, redo, fit: fitView,
  'zoom-in': () => zoomAt(stage.clientWidth / 2, stage.clientHeight / 2, 1.4),
  'zoom-out': () => zoomAt(stage.clientWidth / 2, stage.clientHeight / 2, 1 / 1.4),
  'turn-left': () => turnView(-1), 'turn-right': () => turnView(1), 'flip-view': flipView, straighten: straightenView,
  choose: () => find('.file').click(),
  camera: openCamera, shoot, 'from-lines': startLines, 'close-camera': closeCamera,
  'zoom-face': () => chooseFace(0), 'no-face': hideFaceOffer, faces: offerFaces, turn: () => turnPhoto('right'), flip: () => turnPhoto('mirror'),
  clear: () => clearLayer(state.layer),
  grow: () => spreadMask(1), shrink: () => spreadMask(-1), invert: invertMask, surround: maskDrawing, mirror: mirrorSketch, trace: tracePhoto,
  load: () => find('.layer-file').click(), save: saveLayer,
  edit: () => runEdit(), more: () => runEdit(4), continue: continueFromResult, back: backToDrawing,
  makeup: makeUp, 'makeup-off': makeupOff, 'makeup-from': () => find('.reference-file').click(),
  'style-from': () => find('.style-file').click(),
  results: backToResults, enlarge: enlargeTwice, 'enlarge-4': enlargeMore, peek: backToPhoto, cancel: () => cancelAsked(), copy: () => copyResult(chosenFile()), jpeg: () => downloadJpeg(chosenFile()),
  'surround-too': () => { backToDrawing(); if (maskDrawing()) runEdit(); }, delete: deleteVersion, 'save-project': saveProject, 'bring-back': bringBack,
};

function clicked(event) {
  const button = event.target.closest('button');
  if (!button) return;
  const { layer, tool, way: chosen, hide: hidden, style } = button.dataset;
  if (layer) chooseLayer(layer);
  if (tool) chooseTool(tool);
  if (chosen) chooseWay(chosen);
  if (hidden) hide(hidden, !LAYERS[hidden].hidden);
  if (style && version()) paintIn(style);
  const needsPhoto = !['choose', 'camera', 'shoot', 'close-camera', 'from-lines'].includes(button.dataset.do);
  if (button.dataset.do && (version() || !needsPhoto)) ACTIONS[button.dataset.do]?.();
}

function showHelp() {
  find('.help').open = true;
  find('.help').scrollIntoView({ block: 'nearest' });
}

const KEYS = {
  1: () => chooseLayer('mask'), 2: () => chooseLayer('sketch'), 3: () => chooseLayer('color'),
  b: () => chooseTool('brush'), e: () => chooseTool('eraser'), l: () => chooseTool('line'), r: () => chooseTool('rectangle'),
  o: () => chooseTool('lasso'), p: () => chooseTool('part'), i: () => chooseTool('eyedropper'), m: () => chooseTool('hand'), h: () => hide(state.layer, !LAYERS[state.layer].hidden),
  '[': () => setSize(nextSize(-1)), ']': () => setSize(nextSize(1)),
  '+': ACTIONS['zoom-in'], '=': ACTIONS['zoom-in'], '-': ACTIONS['zoom-out'], 0: fitView, 4: ACTIONS['turn-left'], 5: straightenView, 6: ACTIONS['turn-right'], f: flipView, delete: ACTIONS.clear, '?': showHelp,
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Keys work when the page's focus is nowhere or in the editor, but not while something is typed.
const listens = (event) => element.isConnected && (event.target === document.body || element.contains(event.target)) &&
  !event.target.closest?.('dialog, input:not([type=range]):not([type=color]), textarea, select');

let tab = null;
function keyDown(event) {
  if (!listens(event)) return;
  const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey, onStage = document.activeElement === stage;
  const done = () => event.preventDefault();
  if (command && key === 'enter') return done(), version() && !state.running && runEdit();
  if (command && key === 'z') return done(), event.shiftKey ? redo() : undo();
  if (command && key === 'y') return done(), redo();
  if (command || event.altKey || !version()) return;
  // Tab moves on when it is let go at once; held down it shows the photo.
  if (key === 'tab' && onStage && !event.shiftKey) {
    done();
    tab ??= setTimeout(() => { showOriginal(true); tab = 'held'; }, 250);
  } else if (key === ' ' && (onStage || event.target === document.body || stage.matches(':hover'))) { // whatever was clicked last
    done();
    holdSpace(true);
  } else if (onStage && ARROWS[event.key]) {
    done();
    if (state.mode === 'result') nudgeDivider(ARROWS[event.key][0] || -ARROWS[event.key][1]);
    else movePen(...ARROWS[event.key], event.shiftKey);
  } else if (onStage && key === 'enter' && state.mode === 'draw') {
    done();
    pressPen();
  } else if (key === 'escape' && state.mode === 'result') {
    done();
    backToDrawing();
  } else if (KEYS[key] && !(event.target.type === 'range' && key === '0')) {
    done();
    KEYS[key]();
  }
}
function keyUp(event) {
  if (event.key === ' ') holdSpace(false);
  if (event.key !== 'Tab' || tab === null) return;
  const held = tab === 'held';
  if (!held) clearTimeout(tab);
  tab = null;
  showOriginal(false);
  if (!held && document.activeElement === stage) nextAfterStage().focus();
}
const nextAfterStage = () => {
  const all = findAll('button, input, a[href], summary, [tabindex="0"]').filter((item) => item.tabIndex >= 0 && !item.disabled && item.checkVisibility({ visibilityProperty: true }));
  return all[all.indexOf(stage) + 1] ?? find('summary');
};

export function startPanel() {
  when('choice', refreshPanel);
  element.addEventListener('click', clicked);
  find('[data-do=download]').addEventListener('click', download);
  find('[data-set=size]').addEventListener('input', (event) => setSize(Number(event.target.value)));
  find('[data-set=opacity]').addEventListener('input', (event) => { LAYERS[state.layer].opacity = Number(event.target.value) / 100; refreshPanel(); });
  find('[data-set=feather]').addEventListener('input', (event) => { LAYERS.mask.feather = Math.min(Math.max(Math.round(Number(event.target.value)) || 0, 0), 200); });
  find('.numbers label:last-child').hidden = !backend.feathers;
  find('[data-do=from-lines]').hidden = !backend.draws;
  find('.line-colors').append(...LINE_COLORS.map((color) => {
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', title: color, onclick: () => setLineColor(color) });
    button.style.background = color;
    button.setAttribute('aria-label', `Lines in ${color}`);
    return button;
  }));
  find('.colors input[type=color]').addEventListener('input', (event) => setColor(event.target.value));

  const hold = find('[data-do=original]');
  for (const kind of ['pointerdown', 'keydown']) hold.addEventListener(kind, (event) => { if (kind === 'pointerdown' || ' Enter'.includes(event.key)) showOriginal(true); });
  for (const kind of ['pointerup', 'pointercancel', 'pointerleave', 'keyup', 'blur']) hold.addEventListener(kind, () => showOriginal(false));
  hold.addEventListener('contextmenu', (event) => event.preventDefault()); // a long touch
  document.addEventListener('keydown', keyDown);
  document.addEventListener('keyup', keyUp);
  window.addEventListener('blur', () => { holdSpace(false); showOriginal(false); });
}

// For whoever looks for a fault: whether Tab is down.
export const tabHeld = () => tab;
