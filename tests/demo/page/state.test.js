import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import {
  addStep, backToDrawing, chooseLayer, chooseTool, clearLayer, hasInk, LAYERS, nextSize, ownVersions, redo, rememberColor, setColor, setMode, setSize, state,
  steps, stepsShown, undo, version, when,
} from '../../../scfegan_hf/demo/page/state.js';
import { photo, surface } from './surface.js';

const stroke = (layer, more = {}) => ({ kind: 'stroke', layer, points: [[0, 0]], size: 0.1, ...more });
const told = [];
for (const event of ['ink', 'choice', 'keep']) when(event, (value) => told.push(value === undefined ? event : `${event} ${value}`));

beforeEach(() => {
  surface();
  Object.assign(state, { layer: 'mask', mode: 'draw', versions: [photo(100, 50)], current: 0, recent: [] });
  told.length = 0;
});

test('a step is added, undone and done again, and each time the layer is painted, shown and kept', () => {
  addStep(stroke('mask'));
  addStep(stroke('sketch'));
  assert.deepEqual(told, ['ink mask', 'choice', 'keep', 'ink sketch', 'choice', 'keep']);
  undo();
  assert.equal(state.layer, 'sketch'); // what comes back or goes is on the layer that is shown
  assert.deepEqual([steps().length, version().undone.length], [1, 1]);
  redo();
  assert.deepEqual(steps().map(({ layer }) => layer), ['mask', 'sketch']);
  undo();
  addStep(stroke('color'));
  redo();
  assert.deepEqual(steps().map(({ layer }) => layer), ['mask', 'color']); // a new step ends what could be done again
});

test('nothing is undone while a result is compared, nor without a photo', () => {
  addStep(stroke('mask'));
  setMode('result');
  undo();
  assert.equal(steps().length, 1);
  state.current = -1;
  undo();
  assert.equal(version(), undefined);
});

test('a layer has ink from its first stroke to its clearing; an eraser alone leaves none', () => {
  addStep(stroke('mask', { erase: true }));
  assert.equal(hasInk('mask'), false);
  clearLayer('mask');
  assert.equal(steps().length, 1); // there was nothing to clear
  addStep(stroke('mask'));
  assert.equal(hasInk('mask'), true);
  clearLayer('mask');
  assert.equal(hasInk('mask'), false);
  assert.equal(hasInk('sketch'), false);
});

test('what shows of a layer begins with the last step that takes its place', () => {
  for (const step of [stroke('mask'), { kind: 'picture', layer: 'mask' }, stroke('sketch'), stroke('mask', { size: 2 })]) addStep(step);
  assert.deepEqual(stepsShown('mask').map(({ kind }) => kind), ['picture', 'stroke']);
  assert.equal(stepsShown('sketch').length, 1);
  assert.deepEqual(stepsShown('color'), []);
});

test('tools belong to layers, and choosing one ends the comparison', () => {
  chooseTool('eyedropper');
  assert.equal(LAYERS.mask.tool, 'brush');
  setMode('result');
  chooseLayer('color');
  assert.equal(state.mode, 'draw');
  chooseTool('eyedropper');
  setColor('#123456'); // the colour is taken, so the brush comes back
  assert.deepEqual([LAYERS.color.tool, LAYERS.color.paint], ['brush', '#123456']);
  setMode('result');
  backToDrawing();
  assert.equal(state.mode, 'draw');
});

test('sizes stay between 1 and 80, in steps that grow with them', () => {
  setSize(500);
  assert.equal(LAYERS.mask.size, 80);
  setSize(-3);
  assert.equal(LAYERS.mask.size, 1);
  const sizes = [1];
  while (sizes.at(-1) < 80) setSize(nextSize(1)), sizes.push(LAYERS.mask.size);
  assert.deepEqual(sizes.slice(8, 12), [9, 10, 12, 14]);
  const back = [80];
  while (back.at(-1) > 1) setSize(nextSize(-1)), back.push(LAYERS.mask.size);
  assert.deepEqual(back.slice(-3), [3, 2, 1]);
});

test('six colours are remembered, the last one first, none twice', () => {
  for (const color of ['a', 'b', 'c', 'a', 'd', 'e', 'f', 'g']) rememberColor(color);
  assert.deepEqual(state.recent, ['g', 'f', 'e', 'd', 'a', 'c']);
});

test('examples are told from the visitor\'s own photos', () => {
  state.versions = [photo(1, 1), { ...photo(2, 2), sample: true }];
  assert.deepEqual(ownVersions(), [state.versions[0]]);
});
