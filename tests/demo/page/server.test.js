import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { onServer } from '../../../scfegan_hf/demo/page/server.js';
import { surface } from './surface.js';

// One page for all tests, as there is one in a browser: what it hears of the document comes through here.
mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
const heard = {};
globalThis.document = { addEventListener: (kind, act) => (heard[kind] = act) };
globalThis.window = { addEventListener() {} };
globalThis.location = { pathname: '/' };
Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
let there = true;
globalThis.fetch = async () => {
  if (!there) throw new TypeError('no server');
};
const page = surface(), { ask, upload, questions, words } = onServer({ props: page.props, ...page.gradio });
const ended = (kind, answered, value) => heard['scfegan-ended']({ detail: { kind, answered, value } });
const soon = () => new Promise((resolve) => setImmediate(resolve));
const last = () => page.sent.at(-1);

test('questions are asked one at a time, and each gets the answer with its number', async () => {
  const before = page.sent.length, first = ask('faces', { drawing: 1 }), second = ask('trace', { drawing: 2 });
  await soon();
  assert.deepEqual(page.sent.slice(before).map(({ kind }) => kind), ['faces']);
  page.answer({ number: last().number - 1, faces: 'of an earlier question' });
  page.answer({ number: last().number, faces: [[1, 2, 3, 4]] });
  assert.deepEqual((await first).faces, [[1, 2, 3, 4]]);
  ended('faces', true, page.props.value);
  await soon();
  assert.deepEqual([last().kind, last().drawing], ['trace', 2]);
  page.answer({ number: last().number, sketch: 'lines' });
  assert.equal((await second).sketch, 'lines');
  ended('trace', true, page.props.value);
  assert.equal(questions().pending, null);
});

test('a place in the line is said and is no answer; words of the server are an error', async () => {
  const answer = ask('edit', {});
  await soon();
  page.answer({ number: last().number, place: 2, waiting: 3 });
  assert.equal(page.status(), 'Waiting: place 2 of 3. You can go on drawing.');
  page.answer({ number: last().number, place: 0, waiting: 3 });
  assert.equal(page.status(), 'Working…');
  page.answer({ number: last().number, said: 'The photo is no longer on the server.', gone: true });
  await assert.rejects(answer, { message: 'The photo is no longer on the server.', gone: true });
  ended('edit', true, page.props.value);
});

test('an event that fails is given up a moment later', async () => {
  const answer = assert.rejects(ask('edit', {}), /busy or out of reach/);
  await soon();
  ended('edit', false);
  mock.timers.tick(399);
  assert.equal(questions().pending.kind, 'edit');
  mock.timers.tick(1);
  await answer;
});

test('a server that is gone ends questions and uploads', async () => {
  const answer = assert.rejects(ask('edit', {}), /busy or out of reach/), sending = assert.rejects(upload({ name: 'never' }), /out of reach/);
  await soon();
  there = false;
  mock.timers.tick(5000);
  await Promise.all([answer, sending]);
  assert.equal(questions().pending, null);
  there = true;
});

test('a file is stored and called by its path; every sentence that the page needs is there', async () => {
  assert.deepEqual(await upload({ name: 'photo.jpg' }), { path: 'stored/photo.jpg' });
  assert.deepEqual(Object.keys(words), ['privacy', 'unsent', 'unshown', 'gone']);
});
