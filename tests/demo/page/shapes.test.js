import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isPair, reachedFromBorder, squaredDistances } from '../../../scfegan_hf/demo/page/shapes.js';

const drawn = (...rows) => [Uint8Array.from(rows.join(''), (mark) => mark === '#'), rows[0].length, rows.length];

test('squared distances are those of trying every pixel', () => {
  const width = 23, height = 17;
  let seed = 1;
  const marked = Uint8Array.from({ length: width * height }, () => (seed = (seed * 48271) % 2147483647) % 29 === 0);
  assert.ok(marked.includes(1));
  const plain = Array.from(marked, (_, at) => {
    let nearest = Infinity;
    marked.forEach((mark, other) => {
      if (mark) nearest = Math.min(nearest, (at % width - other % width) ** 2 + (Math.floor(at / width) - Math.floor(other / width)) ** 2);
    });
    return nearest;
  });
  assert.deepEqual([...squaredDistances(marked, width, height)], plain);
});

test('nothing marked is far from everything', () => {
  assert.ok(squaredDistances(new Uint8Array(20), 5, 4).every((far) => far > 1e6));
});

test('a closed outline keeps its inside from the border, an open one does not, and corners are no way in', () => {
  const inside = (...rows) => {
    const [marked, width, height] = drawn(...rows), reached = reachedFromBorder(marked, width, height);
    return reached.filter((value, at) => !value && !marked[at]).length;
  };
  assert.equal(inside('.....', '.###.', '.#.#.', '.###.', '.....'), 1);
  assert.equal(inside('.....', '.###.', '.#...', '.###.', '.....'), 0);
  assert.equal(inside('.....', '..#..', '.#.#.', '..#..', '.....'), 1);
});

test('glasses are two like areas side by side; lips, eyes, one area and a net are not', () => {
  const width = 200, height = 100;
  const outlines = (...ellipses) => {
    const marked = new Uint8Array(width * height);
    for (const [x, y, wide, high] of ellipses) {
      for (let turn = 0; turn < 2000; turn++) {
        const angle = (turn * Math.PI) / 1000, at = [x + wide * Math.cos(angle), y + high * Math.sin(angle)].map(Math.round);
        for (const [dx, dy] of [[0, 0], [1, 0], [0, 1]]) marked[(at[1] + dy) * width + at[0] + dx] = 1;
      }
    }
    return isPair(marked, width, height);
  };
  assert.equal(outlines([60, 50, 30, 24], [132, 52, 30, 24]), true);
  assert.equal(outlines([60, 50, 30, 24], [132, 52, 30, 24], [60, 50, 4, 4]), true); // a glint in it
  assert.equal(outlines([60, 50, 30, 24]), false);
  assert.equal(outlines([60, 50, 30, 24], [132, 52, 14, 12]), false);
  assert.equal(outlines([100, 40, 60, 9], [100, 59, 60, 9]), false); // lips
  assert.equal(outlines([30, 50, 20, 9], [130, 50, 20, 9]), false); // eyes
  assert.equal(outlines([40, 30, 20, 18], [84, 30, 20, 18], [128, 30, 20, 18]), false);
});
