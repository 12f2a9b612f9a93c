// Edits: run, choose a result, go on from one.

import { reveal } from './divider.js';
import { drawingForServer, touchedPixels, wholeDrawing } from './drawing.js';
import { maskDrawing, partsMasked } from './helpers.js';
import { endStroke } from './input.js';
import { backend, editor, find, findAll, loaded, press, result, say } from './page.js';
import { chooseLayer, hand, hasInk, LAYERS, setMode, state, tell, version, way } from './state.js';
import { addVersion, measured, uploaded } from './versions.js';
import { moveView, view } from './view.js';

let results = [], chosen = 0, seed = 0;
let resultsOf = null; // the version that they are of

const LONG_WAIT = 1500; // milliseconds, after which what is asked can be cancelled
const LONGEST_STROKE = 10_000; // milliseconds that a result waits for a stroke to end

export async function runEdit(candidates = 1) {
  await partsMasked();
  if (state.running) return;
  endStroke(true);
  if (state.mode === 'result') seed += candidates > 1 ? 0 : 1; // the same drawing again: ask for another answer
  if (version().lines) return makeFace(candidates);
  const mode = way();
  if (!hasInk('mask') && mode === 'redraw') {
    if (!hasInk('sketch') && !hasInk('color')) return chooseLayer('mask'), say('Paint over the part that should change first.', true);
    maskDrawing(); // who only drew means: change what is around my drawing
  }
  await answered(() => {
    say(version().uploaded ? 'Working…' : 'Loading the photo…');
    return editOnce(candidates, mode);
  }, 'Drag over the photo to compare.', { single: mode === 'recolor' });
}

// A face of what is drawn on an empty sheet.
function makeFace(candidates) {
  if (!hasInk('sketch')) return chooseLayer('sketch'), say('Draw a face first: its outline, eyes, nose and mouth.', true);
  return answered(() => {
    say('Working…');
    return backend.ask('lines', { drawing: wholeDrawing(), seed, candidates, doodle: way() === 'doodle' });
  }, 'Your face. Continue from it to edit it like a photo.', { single: false });
}

// Ask, and show the results that come, and promise whether they did. `single`: there is one way to do that; `still`: without
// unveiling it.
async function answered(ask, next, { single = true, still = false } = {}) {
  if (state.running) return false;
  endStroke(true);
  running(true);
  const own = version(), waited = setTimeout(() => { find('[data-do=cancel]').hidden = false; }, LONG_WAIT), counting = countSeconds();
  try {
    const answer = await ask().catch((error) => {
      if (!error.gone) throw error;
      Object.assign(own, { uploaded: null, uploading: null }); // a server forgets photos after an hour
      return ask();
    });
    const latest = performance.now() + LONGEST_STROKE;
    while (hand.stroke && performance.now() < latest) await new Promise((resolve) => setTimeout(resolve, 50)); // nobody's stroke is cut off
    endStroke(true);
    if (own !== version()) return say('That edit was of another version. Press Edit to edit this one.'), false;
    await showAll(answer.images);
    find('[data-do=more]').hidden = single;
    find('[data-do=surround-too]').hidden = !answer.missed;
    setMode('result');
    reveal(still || undefined);
    const choose = 'Choose one, or go back and change your drawing.';
    say(answer.notes?.length ? answer.notes.join(' ') : results.length > 1 ? choose : next);
    return true;
  } catch (error) {
    say(error.message, !error.cancelled);
    return false;
  } finally {
    clearTimeout(waited);
    clearInterval(counting);
    find('.seconds').textContent = '';
    find('[data-do=cancel]').hidden = true;
    running(false);
  }
}

// How long it has taken, on the button: what counts on has not stopped. (Not in the status, which is read aloud.)
function countSeconds() {
  const began = performance.now();
  return setInterval(() => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    if (seconds * 1000 >= LONG_WAIT) find('.seconds').textContent = `${seconds} s`;
  }, 250);
}

export const cancelAsked = () => backend.cancel();
export const chosenFile = () => results[chosen].file;

async function editOnce(candidates, mode) {
  await uploaded();
  const drawing = drawingForServer();
  const answer = await backend.ask('edit', { drawing, seed, candidates, mode, feather: LAYERS.mask.feather });
  const missed = mode === 'redraw' ? unheeded(drawing) : [];
  return { ...answer, notes: [...(answer.notes ?? []), ...missed], missed: missed.length > 0 };
}

// Only what lies over the mask's frame is sent; of the rest nobody else can tell.
function unheeded(drawing) {
  const words = { sketch: 'The sketch lies outside the mask, where it counts for nothing.', color: 'The colours lie outside the mask, where they count for nothing.' };
  return Object.keys(words).filter((name) => hasInk(name) && !drawing[name]).map((name) => words[name]);
}

function running(on) {
  state.running = on;
  editor.classList.toggle('running', on);
  for (const name of ['more', 'continue', 'enlarge', 'enlarge-4', 'makeup', 'makeup-from', 'makeup-off']) find(`[data-do=${name}]`).disabled = on;
  for (const button of findAll('.style button')) button.disabled = on;
  tell('choice');
}

async function showAll(images) {
  results = images;
  await showResult(0);
  resultsOf = version();
  showCandidates();
}

// An earlier result once again, alone.
export async function showOnly(picture) {
  await showAll([picture]);
  setMode('result');
  reveal(true);
}

async function showResult(index) {
  chosen = index;
  await loaded(result, results[index].preview.url).catch(() => {
    throw new Error(backend.words.unshown);
  });
  Object.assign(find('[data-do=download]'), { href: results[index].file.url, download: results[index].file.orig_name ?? '' });
  findAll('.candidates button').forEach((button, number) => press(button, number === index));
}

function showCandidates() {
  find('.candidates').hidden = results.length < 2;
  if (results.length < 2) return;
  find('.candidates').replaceChildren(...results.map(({ preview, label }, index) => {
    const button = document.createElement('button'), image = document.createElement('img'), window = document.createElement('i');
    button.type = 'button';
    button.setAttribute('aria-label', [`Result ${index + 1} of ${results.length}`, label].filter(Boolean).join(': '));
    press(button, index === chosen);
    const frame = touchedPixels('mask') ?? [0, 0, version().width, version().height];
    Object.assign(image, { src: preview.url, alt: '' });
    cropTo(image, frame);
    window.append(image);
    button.append(window);
    if (label) button.append(Object.assign(document.createElement('span'), { textContent: label }));
    button.onclick = () => showResult(index).catch((error) => say(error.message, true));
    return button;
  }));
}

// Thumbnails show the part that changed.
function cropTo(image, [x, y, wide, high]) {
  const { width, height } = version(), side = Math.min(Math.max(wide, high) * 1.6, Math.max(width, height));
  const inside = (middle, length) => Math.min(Math.max(middle - side / 2, 0), Math.max(length - side, 0)); // of the photo, if it is large enough
  const left = inside(x + wide / 2, width), top = inside(y + high / 2, height);
  image.style.cssText = `width:${(width / side) * 100}%;height:${(height / side) * 100}%;left:${(-left / side) * 100}%;top:${(-top / side) * 100}%`;
}

// After "Back to drawing" the results are still there, until the next edit or another version.
export const hasResults = () => !!resultsOf && resultsOf === version();
export function backToResults() {
  if (!hasResults() || state.running) return;
  setMode('result');
  reveal();
}

// A file that the server has no more is told; a link alone would open an empty page.
export async function download(event) {
  event.preventDefault();
  const { href, download: name } = find('[data-do=download]');
  try {
    const answer = await fetch(href);
    if (!answer.ok) throw new Error();
    const url = URL.createObjectURL(await answer.blob());
    Object.assign(document.createElement('a'), { href: url, download: name || 'edited.png' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch {
    say(backend.words.gone, true);
  }
}

export async function continueFromResult() {
  const { file } = results[chosen], before = version();
  running(true);
  try {
    const answer = await fetch(file.url);
    if (!answer.ok) throw new Error();
    const read = await measured(await answer.blob()), { scale, x, y } = view;
    const scaled = (box) => box && box.map((number) => (number * read.width) / before.width); // it may be an enlargement
    addVersion(read, before.name, [], { uploaded: { path: file.path }, frame: scaled(before.frame), faces: before.faces.map(scaled), sample: before.sample });
    moveView(scale, x, y);
    say('Your result is the photo now. Draw on it, or go back to a version below.');
  } catch {
    say(backend.words.gone, true);
  } finally {
    running(false);
  }
}

// The result that is shown; null while it is the photo.
export const shownResult = () => (state.mode === 'result' ? results[chosen] : null);

// Another result of what is shown, or of another `base`, a result or null for the photo. `begin`, which says what is done,
// promises what is sent beside it.
export function changeShown(kind, begin, next, { base = shownResult(), still = false } = {}) {
  return answered(async () => {
    if (!base) await uploaded();
    const more = await begin();
    return backend.ask(kind, { drawing: { photo: base ? { path: base.file.path } : version().uploaded }, ...more });
  }, next, { still });
}

export const enlarge = (scale) => changeShown('enlarge', () => {
  say('Enlarging…');
  return { scale };
}, scale === 2 ? 'Twice as wide and high. Drag over the photo to compare.' : 'Four times as wide and high. Drag over the photo to compare.');
