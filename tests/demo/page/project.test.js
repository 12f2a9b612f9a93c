import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readProject } from '../../../scfegan_hf/demo/page/project.js';
import { zipped } from '../../../scfegan_hf/demo/page/zip.js';

const sound = () => ({
  format: 'scfegan-project', edition: 1, photos: [{ name: 'a.png', file: 'versions/0-a.png', type: 'image/png', sample: false }],
  drawing: {
    drawings: [{ steps: [{ kind: 'stroke', layer: 'mask', paint: '#ffc0d9', size: 0.02, points: [[0, 0], [0.1, 0.1, 0.5]] }], undone: [], frame: null, faces: [[1, 2, 3, 4]] }],
    current: 0, sizes: { mask: 12, sketch: 2, color: 4 }, recent: ['#ffffff'], color: '#8a5a3c', layer: 'mask', seen: [1, 0, 0],
  },
});
const file = (manifest) => zipped({ 'manifest.json': new TextEncoder().encode(JSON.stringify(manifest)), 'versions/0-a.png': new Uint8Array([1, 2, 3]) });

test('a sound project is read', async () => {
  const { photos, drawing } = await readProject(file(sound()));
  assert.deepEqual([photos[0].name, photos[0].blob.size, photos[0].blob.type], ['a.png', 3, 'image/png']);
  assert.deepEqual(drawing, sound().drawing);
});

const HARMS = {
  'another format': (all) => { all.format = 'x'; },
  'a photo that is not there': (all) => { all.photos[0].file = 'x'; },
  'no photos': (all) => { all.photos = []; },
  'no drawing': (all) => { delete all.drawing; },
  'a version too many': (all) => { all.drawing.drawings.push(all.drawing.drawings[0]); },
  'another current version': (all) => { all.drawing.current = 3; },
  'an unknown layer': (all) => { all.drawing.drawings[0].steps[0].layer = 'x'; },
  'points that are none': (all) => { all.drawing.drawings[0].steps[0].points = [[0, 'x']]; },
  'a colour that is none': (all) => { all.drawing.drawings[0].steps[0].paint = 'url(http://x)'; },
  'a picture from elsewhere': (all) => { all.drawing.drawings[0].steps = [{ kind: 'picture', layer: 'mask', box: [0, 0, 1, 1], url: 'http://x/y.png' }]; },
  'a size that is none': (all) => { all.drawing.sizes.mask = '1px'; },
};
for (const [name, harm] of Object.entries(HARMS)) {
  test(`${name} is refused in words`, async () => {
    const manifest = sound();
    harm(manifest);
    await assert.rejects(readProject(file(manifest)), /no project of this editor/);
  });
}

test('one of a newer edition says so', async () => assert.rejects(readProject(file({ ...sound(), edition: 2 })), /newer edition/));
