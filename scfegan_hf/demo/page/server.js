// The backend of a server: questions are events of gr.HTML's component, one at a time, and answers come back as its value.

import { say } from './page.js';

const WORDS = {
  privacy: 'Photos leave the server after an hour; your drawing is kept in this browser only.',
  unsent: 'The photo could not be sent. Your drawing is safe: try again in a moment.',
  unshown: 'The result could not be fetched. Your drawing is safe: press Edit again.',
  gone: 'The result is no longer on the server. Press Edit again.',
};

// What gr.HTML gives: a function that sends an event, one that stores a file, one that calls back when a prop has changed.
let props, trigger, upload;

let asked = 0, pending = null, turn = Promise.resolve();
const begun = {}; // events of each kind that Gradio has not ended yet
const waiting = new Set(); // what else waits for the server

// Milliseconds. An answer that was lost on its way shall not keep the page from asking again; but edits wait in a line, whose
// length the server limits. Nobody waits long for faces: they are offered, not asked for.
const PATIENCE = 600_000, PATIENCE_FOR_FACES = 5000;
function ask(kind, question) {
  if (pending?.kind === 'preview' && kind !== 'preview') cancel(); // what is made matters more
  if (pending?.kind === 'faces') setTimeout(giveUp, PATIENCE_FOR_FACES, pending.number);
  const answer = turn.then(() => new Promise((resolve, reject) => {
    const number = ++asked;
    pending = { number, kind, resolve, reject };
    setTimeout(giveUp, PATIENCE, number);
    begin(number, kind, question);
  }));
  turn = answer.catch(() => {});
  return answer;
}

async function begin(number, kind, question) {
  // What the browser calls offline may still reach a server on the same machine.
  if (!navigator.onLine && !(await reachable())) return giveUp(number);
  begun[kind] = (begun[kind] ?? 0) + 1;
  trigger(kind, { number, ...question });
}

function settle(answer) {
  if (!pending || answer?.number !== pending.number) return;
  if (answer.place !== undefined && pending.kind === 'preview') return;
  if (answer.place === 0) return say('Working…');
  if (answer.place) return say(`Waiting: place ${answer.place} of ${answer.waiting}. You can go on drawing.`);
  const { resolve, reject } = pending;
  pending = null;
  if (answer.said) reject(Object.assign(new Error(answer.said), { gone: answer.gone }));
  else resolve(answer);
}

function giveUp(number) {
  if (!pending || pending.number !== number) return;
  pending.reject(new Error('The server is busy or out of reach. Your drawing is safe: try again in a moment.'));
  pending = null;
}

// What the page waits for, or only a question of this kind, is given up; the server's answer, when it comes, is nobody's.
function cancel(kind = pending?.kind) {
  if (!pending || pending.kind === 'faces' || pending.kind !== kind) return;
  pending.reject(Object.assign(new Error('Cancelled. Your drawing is as it was.'), { cancelled: true }));
  pending = null;
}

// A promise that is given up with the questions if the server is lost.
function orLost(promise) {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    promise.then(resolve, reject).finally(() => waiting.delete(reject));
  });
}

// Each event ends with this one. One that failed does not say which question it was: if an earlier one of its kind, given
// up long ago, is still about, there is time for the other's answer.
function eventEnded({ kind, answered, value }) {
  begun[kind] = Math.max(0, (begun[kind] ?? 0) - 1);
  if (answered) settle(value);
  if (pending?.kind !== kind || (answered && begun[kind])) return;
  const { number } = pending;
  setTimeout(() => giveUp(number), begun[kind] ? 15_000 : 400);
}

// Gradio waits for a lost server without a word, so it is asked now and then whether it is there.
const WATCH_EVERY = 5000, REACHED_WITHIN = 30_000; // milliseconds
async function reachable() {
  try {
    await fetch(location.pathname, { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(REACHED_WITHIN) });
    return true;
  } catch {
    return false;
  }
}
let looking = false;
async function lookForServer() {
  const number = pending?.number, others = [...waiting];
  if (looking || (!number && !others.length)) return;
  looking = true;
  const there = await reachable();
  looking = false;
  if (there) return;
  giveUp(number);
  for (const reject of others) reject(new Error('out of reach'));
}

export function onServer({ watch, ...given }) {
  ({ props, trigger, upload } = given);
  watch('value', () => settle(props.value));
  document.addEventListener('scfegan-ended', ({ detail }) => eventEnded(detail));
  setInterval(lookForServer, WATCH_EVERY);
  window.addEventListener('offline', lookForServer);
  return { words: WORDS, modes: ['redraw', 'recolor'], enlarges: true, draws: true, doodles: true, makesUp: true, paints: true, changes: true, previews: props.previews, feathers: true, cancel, ask, upload: (file) => orLost(upload(file)), questions };
}

const questions = () => ({ asked, begun, pending: pending && { number: pending.number, kind: pending.kind }, uploads: waiting.size });
