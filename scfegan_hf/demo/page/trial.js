// What a wish for whole faces would be answered, shown small while a slider or a colour is moved: the latest wish alone.

import { backend, find, loaded, say, stage } from './page.js';
import { peekAt } from './peek.js';
import { state, version, when } from './state.js';

const MOST = 24; // answers that are kept
const kept = new Map(); // by what was asked, the oldest first
// now: the wish that is tried out, {key, question, base, strength}; next: one that is to be asked when `asking` is over.
let now = null, next = null, asking = false;

// Try out a question (null: what is there). `base`: the result that it is of, or null for the photo; `strength`: how much of
// the answer is shown over that.
export function tryOut(question, base, strength = 1) {
  now = { key: JSON.stringify(question), question, base, strength };
  next = null;
  if (!question) show({}, now);
  else if (kept.has(now.key)) show(kept.get(now.key), now);
  else {
    next = now;
    askOn();
  }
}

// The answer will be wanted soon.
export function prepare(question) {
  const key = JSON.stringify(question);
  if (asking || state.running || kept.has(key)) return;
  next = { key, question };
  askOn();
}

// Nothing more is asked; what is shown stays until `endTrial`.
export function holdTrial() {
  now = next = null;
  if (asking) backend.cancel('preview');
}

export function endTrial() {
  holdTrial();
  stage.classList.remove('trying');
  for (const image of [find('.trial .under'), find('.trial .over')]) image.removeAttribute('src');
}

async function askOn() {
  if (asking) return;
  asking = true;
  while (next) {
    const wish = next;
    next = null;
    try {
      const answer = kept.get(wish.key) ?? await asked(wish.question);
      keep(wish.key, answer);
      // Of the same thing an answer to an earlier wish is nearer to the latest than none.
      if (now && (now.key === wish.key || now.base === wish.base)) show(answer, now.key === wish.key ? now : wish);
    } catch (error) {
      if (!error.cancelled && !error.gone && now?.key === wish.key) say(error.message, true); // what is gone is sent again when it is made
    }
  }
  asking = false;
}

async function asked(question) {
  const { patch, frame } = await backend.ask('preview', question);
  if (patch) await loaded(new Image(), patch);
  return { patch, frame };
}

function keep(key, answer) {
  kept.set(key, answer);
  if (kept.size > MOST) kept.delete(kept.keys().next().value);
}

function show({ patch, frame }, { base, strength }) {
  const [under, over] = [find('.trial .under'), find('.trial .over')];
  const put = (image, url) => {
    image.hidden = !url;
    if (url && image.getAttribute('src') !== url) image.src = url;
  };
  put(under, base?.preview.url);
  put(over, patch);
  const style = patch ? placed(frame, strength) : '';
  over.style.cssText = style;
  stage.classList.add('trying');
  peekAt({ url: base?.preview.url ?? version().url, patch, style, ...(patch && { frame }) });
}

function placed([x, y, wide, high], strength) {
  const { width, height } = version(), share = (part, whole) => `${(100 * part) / whole}%`;
  return `left:${share(x, width)};top:${share(y, height)};width:${share(wide, width)};height:${share(high, height)};opacity:${strength}`;
}

export function startTrial() {
  when('photo', endTrial);
}
