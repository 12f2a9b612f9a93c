import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { drawingToKeep } from '../../../scfegan_hf/demo/page/keep.js';
import { addStep, LAYERS, state, when } from '../../../scfegan_hf/demo/page/state.js';
import { fileName } from '../../../scfegan_hf/demo/page/versions.js';
import { brushSize, contexts, fitView, flipView, moveView, onStage, place, seenBox, showBox, straightenView, toWorld, turnAt, turnView, view, zoomAt } from '../../../scfegan_hf/demo/page/view.js';
import { photo, picture, surface } from './surface.js';

let moved = 0;
when('view', () => moved++);

beforeEach(() => {
  surface();
  Object.assign(state, { layer: 'mask', mode: 'draw', versions: [photo(400, 400)], current: 0 });
  Object.assign(view, { scale: 400, fit: 400, ratio: 2, x: 0, y: 0, angle: 0, flip: 1 }); // the stage is 800 x 400
  for (const name of ['mask', 'sketch', 'color', 'preview']) contexts[name] = picture();
  fitView();
  moved = 0;
});

test('the whole photo stands in the stage\'s middle, and the canvases follow at the screen\'s pixels', () => {
  assert.deepEqual([view.scale, view.x, view.y], [400, 400, 200]);
  assert.deepEqual(place(), { scale: 800, x: 800, y: 400 });
  assert.deepEqual(toWorld({ clientX: 410, clientY: 220 }), [0, 0]);
});

test('zooming keeps the point under the pointer, within 1 and 40 times, and tells it', () => {
  const point = toWorld({ clientX: 510, clientY: 170 });
  zoomAt(500, 150, 3);
  const same = toWorld({ clientX: 510, clientY: 170 });
  assert.ok(Math.hypot(same[0] - point[0], same[1] - point[1]) < 1e-9);
  zoomAt(500, 150, 1e6);
  assert.equal(view.scale, 40 * view.fit);
  zoomAt(500, 150, 1e-9);
  assert.deepEqual([view.scale, view.x, view.y], [400, 400, 200]);
  assert.equal(moved, 3);
});

test('a photo larger than the stage cannot be pulled off it', () => {
  moveView(1600, 1e5, -1e5);
  assert.deepEqual([view.x, view.y], [800, 400 - 800]);
});

test('a box of the photo is shown as large as it goes', () => {
  showBox([100, 100, 100, 50]);
  assert.equal(view.scale, 3200); // 100 of 400 pixels over 800, 50 over 400
  assert.deepEqual(toWorld({ clientX: 410, clientY: 220 }).map((value) => Math.round(value * 400)), [-50, -75]);
});

const near = (a, b) => assert.ok(a.every((value, index) => Math.abs(value - b[index]) < 1e-6), `${a} is not ${b}`);
const client = ([x, y]) => ({ clientX: x + 10, clientY: y + 20 }); // the stage's corner is at 10, 20

test('a turned view keeps the point that it is turned around, and points go there and back', () => {
  moveView(1600, 500, 100);
  const point = toWorld(client([300, 90]));
  turnAt(300, 90, 0.4);
  near(toWorld(client([300, 90])), point);
  near(toWorld(client(onStage([0.2, -0.1]))), [0.2, -0.1]);
  const right = toWorld(client([301, 90])); // what lies right on the screen lies up in the photo now
  assert.ok(right[0] > point[0] && right[1] < point[1]);
});

test('turned by steps the whole photo stays in sight, and straightened it is as before', () => {
  for (let step = 0; step < 3; step++) turnView(1);
  near([view.angle], [Math.PI / 4]);
  near(seenBox().slice(2), [400, 400]); // on its corner, as high as the stage
  turnView(-1);
  near([view.angle], [Math.PI / 6]);
  straightenView();
  assert.deepEqual([view.scale, view.x, view.y, view.angle, place().turn], [400, 400, 200, 0, undefined]);
});

test('a flipped view shows left for right, and is flipped back', () => {
  moveView(800, 500, 200);
  const [left] = onStage([-0.1, 0]);
  flipView();
  near([onStage([-0.1, 0])[0]], [800 - left]);
  turnView(2);
  near(toWorld(client(onStage([0.1, 0.2]))), [0.1, 0.2]);
  assert.ok(view.flip === -1 && place().turn[0] < 0);
  straightenView();
  assert.deepEqual([view.flip, view.angle], [1, 0]);
});

test('a box of the photo is shown whole in a turned view too', () => {
  turnView(6); // a quarter
  showBox([100, 100, 100, 50]);
  near([view.scale], [1600]); // 100 pixels stand upright now, over 400
  near(toWorld(client([400, 200])).map((value) => value * 400), [-50, -75]);
});

test('a brush is measured in the face that is worked on', () => {
  LAYERS.mask.size = 512;
  assert.equal(brushSize(), 1);
  state.versions[0].frame = [0, 0, 100, 80];
  assert.equal(brushSize(), 0.25);
});

test('what is kept are plain values: no pictures, and the middle of what is seen', () => {
  addStep({ kind: 'picture', layer: 'mask', box: [0, 0, 0.1, 0.1], url: 'data:', image: { huge: true } });
  moveView(800, 500, 100);
  const kept = drawingToKeep();
  assert.deepEqual(structuredClone(kept), kept);
  assert.equal(kept.drawings[0].steps[0].image, undefined);
  assert.deepEqual(kept.seen, [2, (400 - view.x) / 800, (200 - view.y) / 800]);
});

test('a file is sent under a plain name with the ending of its kind', () => {
  assert.equal(fileName('my photo (1).JPEG', 'image/jpeg'), 'my-photo-1-.jpg');
  assert.equal(fileName('照片', 'image/webp'), '-.webp');
  assert.equal(fileName('.png', ''), 'photo.png');
});
