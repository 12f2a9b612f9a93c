import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withNote } from '../../../scfegan_hf/demo/page/copies.js';
import { isAnimation } from '../../../scfegan_hf/demo/page/kinds.js';
import { turnedBox, turnedStep, ways } from '../../../scfegan_hf/demo/page/turn.js';

const bytes = (...parts) => Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((letter) => letter.charCodeAt(0)) : part)));
const long = (value) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
const chunk = (name, ...data) => [...bytes(long(data.length), name, data, [0, 0, 0, 0])];

const GIF = ['GIF89a', [2, 0, 2, 0, 0x80, 0, 0], [0, 0, 0, 255, 255, 255]]; // a table of two colours
const FRAME = [0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 2, 0x4c, 1, 0];
const DELAY = [0x21, 0xf9, 4, 0, 10, 0, 0, 0];

test('a GIF of one picture is none, of two it is an animation, whatever stands between', () => {
  assert.equal(isAnimation(bytes(...GIF, DELAY, FRAME, [0x3b])), false);
  assert.equal(isAnimation(bytes(...GIF, DELAY, FRAME, DELAY, FRAME, [0x3b])), true);
  assert.equal(isAnimation(bytes(...GIF, FRAME).subarray(0, 25)), false); // cut short
  assert.equal(isAnimation(bytes(...GIF, [0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0x81], new Array(12).fill(7), [2, 2, 0x4c, 1, 0], FRAME)), true); // tables of their own
});

test('a PNG is one by its chunk of animation, and only for more than one picture', () => {
  const head = [[137], 'PNG', [13, 10, 26, 10], chunk('IHDR', ...new Array(13).fill(0))];
  assert.equal(isAnimation(bytes(...head, chunk('IDAT', 1), chunk('acTL', ...long(3), 0, 0, 0, 0))), false); // it comes too late to count
  assert.equal(isAnimation(bytes(...head, chunk('acTL', ...long(3), 0, 0, 0, 0), chunk('IDAT', 1))), true);
  assert.equal(isAnimation(bytes(...head, chunk('acTL', ...long(1), 0, 0, 0, 0), chunk('IDAT', 1))), false);
});

test('a WebP says it in its flags, and nothing else is an animation', () => {
  const webp = (flags) => bytes('RIFF', [30, 0, 0, 0], 'WEBPVP8X', [10, 0, 0, 0], [flags], new Array(9).fill(0));
  assert.equal(isAnimation(webp(2)), true);
  assert.equal(isAnimation(webp(0x10)), false);
  assert.equal(isAnimation(bytes([0xff, 0xd8, 0xff, 0xe0], 'JFIF')), false);
  assert.equal(isAnimation(new Uint8Array()), false);
});

test('a JPEG gets its note after what must come first, and keeps the rest', () => {
  const jfif = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2], rest = [0xff, 0xdb, 0, 3, 9, 0xff, 0xd9];
  const noted = withNote(bytes(jfif, rest)), words = String.fromCharCode(...noted);
  assert.deepEqual([...noted.subarray(0, 8)], jfif);
  assert.deepEqual([...noted.subarray(-7)], rest);
  assert.ok(words.includes('Edited: parts of this picture') && words.includes('compositeWithTrainedAlgorithmicMedia'));
  const [mark, length] = [noted[9], noted[10] * 256 + noted[11]];
  assert.equal(mark, 0xe1);
  assert.deepEqual([...noted.subarray(8 + 2 + length, 8 + 4 + length)], [0xff, 0xfe]); // the next segment is where the first ends
});

test('four quarter turns and two mirrors lead back, and a box goes where its corners go', () => {
  const stroke = { kind: 'stroke', layer: 'mask', paint: '#fff', size: 1, points: [[0.1, -0.2], [0.3, 0.4, 0.7]] };
  assert.deepEqual(turnedStep(stroke, ways.right).points, [[0.2, 0.1], [-0.4, 0.3, 0.7]]);
  const again = (step, way, times) => (times ? again(turnedStep(step, way), way, times - 1) : step);
  assert.deepEqual(again(stroke, ways.right, 4), stroke);
  assert.deepEqual(again(stroke, ways.mirror, 2), stroke);
  // Of a photo 100 wide and 60 high: its top left corner comes to the top right.
  assert.deepEqual(turnedBox([0, 0, 10, 20], ways.right, [50, 30], [30, 50]), [40, 0, 20, 10]);
  assert.deepEqual(turnedBox([0, 0, 10, 20], ways.mirror, [50, 30]), [90, 0, 10, 20]);
});
