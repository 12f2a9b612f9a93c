// The backend without a server: questions go to a worker of this page (worker.js).

import { say } from './page/page.js';

const WORDS = {
  privacy: 'Photos never leave this device: everything is computed in your browser, and your drawing is kept in it.',
  unsent: 'The photo could not be read. Your drawing is safe: try again, or choose another photo.',
  unshown: 'The result could not be shown. Your drawing is safe: press Edit again.',
  gone: 'The result is no longer there. Press Edit again.',
};
const FAILED = 'This did not work in your browser. Your drawing is safe: try again, or with a smaller photo.';
const LONG = ['edit', 'enlarge', 'lines']; // questions that make pictures, and can be cancelled
const SLOW = 400; // milliseconds after which the first edit says that it waits for the network's file

export function inWorker(settings) {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }), asked = new Map();
  const names = new Map(); // of photographs and results, without their endings, by path
  const loaded = new Set(); // kinds whose networks are here
  let number = 0, photos = 0, ready = false;
  const post = (kind, question) => new Promise((resolve, reject) => {
    asked.set(++number, { kind, resolve, reject });
    worker.postMessage({ id: number, kind, question });
  });
  worker.onmessage = ({ data: { id, answer, failure, done } }) => {
    if (!asked.has(id)) return; // given up
    const { kind, resolve, reject } = asked.get(id);
    if (done !== undefined) return done < 1 ? say(`Working… ${Math.round(100 * done)} %`) : undefined;
    asked.delete(id);
    if (answer) return resolve(answer);
    if (!failure.said) console.error(kind, failure.told);
    reject(Object.assign(new Error(failure.said ?? FAILED), { said: !!failure.said, gone: failure.gone }));
  };
  worker.onerror = (event) => {
    console.error(event.message, event.filename, event.lineno);
    for (const { reject } of asked.values()) reject(new Error(FAILED));
    asked.clear();
  };
  post('begin', settings).then(() => {
    ready = true;
    loaded.add('edit');
    return post('fetch').catch((error) => console.warn('Not all of this page is kept for use without a network.', error));
  }, (error) => say(error.message, true));

  async function upload(file) {
    const path = `photo-${++photos}`;
    names.set(path, file.name.replace(/\.[^.]*$/, '').replace(/-edited$/, ''));
    await post('keep', { path, blob: file });
    return { path };
  }

  // What the page waits for is given up; the worker hears of it between two steps.
  function cancel() {
    for (const [id, { kind, reject }] of asked) {
      if (!LONG.includes(kind)) continue;
      asked.delete(id);
      worker.postMessage({ kind: 'cancel', question: id });
      reject(Object.assign(new Error('Cancelled. Your drawing is as it was.'), { cancelled: true }));
    }
  }

  async function ask(kind, question) {
    const waiting = LONG.includes(kind) && setTimeout(() => loaded.has(kind) || say('Loading the network, once…'), SLOW);
    const answer = await post(kind, question).finally(() => clearTimeout(waiting));
    loaded.add(kind);
    if (!LONG.includes(kind)) return answer;
    const name = names.get(question.drawing.photo?.path), file = kind === 'lines' ? 'face' : `${name}-edited`;
    return { ...answer, images: answer.images.map(({ path, blob, label }) => {
      const picture = { url: URL.createObjectURL(blob), path, orig_name: `${file}.png` };
      names.set(path, name ?? 'face');
      return { file: picture, preview: picture, label };
    }) };
  }

  const questions = () => ({ asked: number, pending: [...asked.values()].map(({ kind }) => kind), ready });
  return { words: WORDS, modes: ['redraw', 'recolor'], enlarges: true, draws: true, feathers: true, cancel, ask, upload, questions };
}
