import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { crc32, unzipped, zipped } from '../../../scfegan_hf/demo/page/zip.js';

const text = (words) => new TextEncoder().encode(words);
const noise = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919 + (index >> 3)) & 255);

test('the checksum is that of the standard', () => assert.equal(crc32(text('123456789')), 0xcbf43926));

test('what was packed comes back, names beyond ASCII too', async () => {
  const entries = { 'manifest.json': text('{}'), 'versions/0-Grüße.png': noise, empty: new Uint8Array() };
  const back = await unzipped(zipped(entries));
  assert.deepEqual(Object.keys(back), Object.keys(entries));
  for (const [name, bytes] of Object.entries(entries)) assert.deepEqual([...back[name]], [...bytes]);
});

test('any byte that is changed, and any cut, is told in words', async () => {
  const whole = zipped({ a: noise });
  for (const at of [40, 2000, 5031, whole.length - 20]) {
    const damaged = whole.slice();
    damaged[at] ^= 4;
    await assert.rejects(unzipped(damaged), /damaged/);
  }
  for (const length of [0, 10, 3000, whole.length - 5]) await assert.rejects(unzipped(whole.slice(0, length)), /damaged/);
  await assert.rejects(unzipped(noise), /damaged/);
});

test('compressed entries are read, and one that says that it is smaller than it is, is refused', async () => {
  const packed = deflateRawSync(noise), whole = zipped({ a: new Uint8Array(packed) });
  const view = new DataView(whole.buffer), central = whole.length - 22 - 47;
  const say = (size) => {
    view.setUint16(central + 10, 8, true);
    view.setUint32(central + 16, crc32(noise), true);
    view.setUint32(central + 24, size, true);
  };
  say(noise.length);
  assert.deepEqual([...(await unzipped(whole)).a], [...noise]);
  say(100);
  await assert.rejects(unzipped(whole), /damaged/);
  say(noise.length);
  await assert.rejects(unzipped(whole, 1000), /damaged/); // more than may be
});
