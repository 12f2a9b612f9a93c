import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { paintStep, photoScale, touchedPixels, worldBox } from '../../../scfegan_hf/demo/page/drawing.js';
import { addStep, state } from '../../../scfegan_hf/demo/page/state.js';
import { photo, picture, surface } from './surface.js';

beforeEach(() => {
  surface();
  Object.assign(state, { layer: 'mask', mode: 'draw', versions: [photo(400, 200)], current: 0 });
});

test('the world has its origin in the photo\'s middle and the longer side as its unit', () => {
  assert.equal(photoScale(), 400);
  assert.deepEqual(worldBox(), [-0.5, -0.25, 1, 0.5]);
});

test('the pixels that a layer touches: brush, pressure and rounding in, erased and cleared steps out', () => {
  assert.equal(touchedPixels('mask'), null);
  addStep({ kind: 'stroke', layer: 'mask', points: [[0, 0], [0.1, 0]], size: 0.05 });
  // From 0 to .1 with .6 of the size around, times 400, from the middle (200, 100), a pixel of air.
  assert.deepEqual(touchedPixels('mask'), [187, 87, 66, 26]);
  addStep({ kind: 'stroke', layer: 'mask', points: [[0.4, 0.2]], size: 0.05, erase: true });
  assert.deepEqual(touchedPixels('mask'), [187, 87, 66, 26]);
  addStep({ kind: 'fill', layer: 'mask', points: [[-2, -2], [2, 2], [0, 0]] });
  assert.deepEqual(touchedPixels('mask'), [0, 0, 400, 200]); // never more than the photo
  addStep({ kind: 'clear', layer: 'mask' });
  assert.equal(touchedPixels('mask'), null);
  addStep({ kind: 'picture', layer: 'mask', box: [-0.1, -0.1, 0.2, 0.2] });
  assert.deepEqual(touchedPixels('mask'), [159, 59, 82, 82]);
});

test('a stroke is as wide as its size at this zoom, and pressure widens each piece of it', () => {
  const place = { scale: 100, x: 50, y: 20 }, plain = picture(), pressed = picture();
  paintStep(plain, { kind: 'stroke', points: [[0, 0], [0.1, 0], [0.2, 0.1]], size: 0.04, paint: '#123' }, place);
  assert.equal(plain.lineWidth, 4);
  assert.equal(plain.globalCompositeOperation, 'source-over');
  assert.deepEqual(plain.calls.filter(([name]) => name === 'moveTo'), [['moveTo', 50, 20]]);
  paintStep(pressed, { kind: 'stroke', points: [[0, 0, 1], [0.1, 0, 1], [0.2, 0.1, 0.5]], size: 0.04, erase: true }, place);
  assert.equal(pressed.lineWidth, 2);
  assert.equal(pressed.globalCompositeOperation, 'destination-out');
  assert.equal(pressed.calls.filter(([name]) => name === 'stroke').length, 2);
});

test('only the new end of a stroke is painted again', () => {
  const context = picture(), points = [[0, 0], [0.1, 0], [0.2, 0], [0.3, 0]];
  paintStep(context, { kind: 'stroke', points, size: 0.01 }, { scale: 100, x: 0, y: 0 }, 3);
  assert.deepEqual(context.calls.filter(([name]) => name === 'moveTo'), [['moveTo', 20, 0]]);
});
