import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reachedFromBorder, squaredDistances } from '../../../scfegan_hf/demo/page/shapes.js';

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
