// The backend without a server: questions go to a worker of this page (worker.js).

import { say } from './page/page.js';

const WORDS = {
  privacy: 'Photos never leave this device: everything is computed in your browser, and your drawing is kept in it.',
  unsent: 'The photo could not be read. Your drawing is safe: try again, or choose another photo.',
  unshown: 'The result could not be shown. Your drawing is safe: press Edit again.',
  gone: 'The result is no longer there. Press Edit again.',
};
const FAILED = 'This did not work in your browser. Your drawing is safe: try again, or with a smaller photo.';
const SLOW = 400; // milliseconds after which the first edit says that it waits for the network's file

export function inWorker(settings) {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }), asked = new Map();
  const names = new Map(); // of photographs and results, without their endings, by path
  let number = 0, photos = 0, ready = false;
  const post = (kind, question) => new Promise((resolve, reject) => {
    asked.set(++number, { kind, resolve, reject });
    worker.postMessage({ id: number, kind, question });
  });
  worker.onmessage = ({ data: { id, answer, failure, done } }) => {
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
    return post('fetch').catch((error) => console.warn('Not all of this page is kept for use without a network.', error));
  }, (error) => say(error.message, true));

  async function upload(file) {
    const path = `photo-${++photos}`;
    names.set(path, file.name.replace(/\.[^.]*$/, '').replace(/-edited$/, ''));
    await post('keep', { path, blob: file });
    return { path };
  }

  async function ask(kind, question) {
    const waiting = kind === 'edit' && setTimeout(() => ready || say('Loading the network, once…'), SLOW);
    const answer = await post(kind, question).finally(() => clearTimeout(waiting));
    if (kind !== 'edit') return answer;
    const name = names.get(question.drawing.photo.path);
    return { images: answer.images.map(({ path, blob }) => {
      const file = { url: URL.createObjectURL(blob), path, orig_name: `${name}-edited.png` };
      names.set(path, name);
      return { file, preview: file };
    }) };
  }

  const questions = () => ({ asked: number, pending: [...asked.values()].map(({ kind }) => kind), ready });
  return { words: WORDS, modes: ['redraw'], enlarges: false, draws: false, feathers: false, cancel: () => {}, ask, upload, questions };
}
