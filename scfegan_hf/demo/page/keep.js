// The drawing, the photo and its versions are kept in this browser (IndexedDB), so that a reload loses nothing. Each tab has a
// work of its own; a new one takes up the newest that no open tab holds, so that what was left in a closed tab is found again.

import { isStraight } from './bearing.js';
import { canvasOf, say, stage } from './page.js';
import { LAYERS, LINE_COLORS, NAMES, state, version, when } from './state.js';
import { measured, showVersion, uploaded } from './versions.js';
import { moveView, view } from './view.js';

const openStore = () => new Promise((resolve) => {
  const request = window.indexedDB?.open('scfegan', 1);
  if (!request) return resolve(null);
  request.onupgradeneeded = () => request.result.createObjectStore('kept');
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => resolve(null); // private windows: drawing works, keeping does not
});
let store = null;

const MOST_WORKS = 6; // the oldest is forgotten then
const IN_TAB = 'scfegan-work'; // in the tab's own storage: the name of its work
const keyOf = (work, name) => (work ? `${name} ${work}` : name); // '': the one that there was before tabs had their own
let claimed = null;

// Whether no other tab holds the work; this one does from then on. Where a browser has no locks, tabs cannot tell.
function hold(work) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request(`scfegan work ${work}`, { ifAvailable: true }, (lock) => {
      resolve(!!lock);
      return lock && new Promise(() => {});
    });
  });
}

// The name of this tab's work, and of the one that it begins with: another one where a tab was opened as a copy of another.
async function claim() {
  const own = sessionStorage.getItem(IN_TAB), works = (await kept('works')) ?? [''];
  let work = null, from = own;
  for (const name of own === null ? works : [own]) {
    if (await hold(name)) {
      work = from = name;
      break;
    }
  }
  if (work === null) await hold(work = `${Date.now()}-${Math.floor(Math.random() * 1e9)}`);
  sessionStorage.setItem(IN_TAB, work);
  return { work, from };
}

async function keep(entries) {
  const database = await (store ??= openStore());
  if (!database) return;
  const { work } = await (claimed ??= claim());
  const transaction = database.transaction('kept', 'readwrite'), all = transaction.objectStore('kept');
  transaction.onabort = () => say('This browser has no room to keep your drawing over a reload. Drawing and editing go on.', true);
  for (const [name, value] of Object.entries(entries)) all.put(value, keyOf(work, name));
  const request = all.get('works');
  request.onsuccess = () => {
    const works = [work, ...(request.result ?? ['']).filter((other) => other !== work)];
    all.put(works.slice(0, MOST_WORKS), 'works');
    for (const old of works.slice(MOST_WORKS)) for (const name of ['photos', 'drawing']) all.delete(keyOf(old, name));
  };
}

async function kept(key) {
  const database = await (store ??= openStore());
  if (!database) return undefined;
  return new Promise((resolve, reject) => {
    const request = database.transaction('kept').objectStore('kept').get(key);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function keepPhotos() {
  keep({ photos: state.versions.map(({ name, blob, thumbnail, sample, lines }) => ({ name, blob, thumbnail, sample, lines })) });
}

let keeping = null;
function keepDrawing() {
  if (version()) keeping ??= setTimeout(keepDrawingNow, 250); // also while one stroke follows the other
}
function keepDrawingNow() {
  clearTimeout(keeping);
  keeping = null;
  keep({ drawing: drawingToKeep() });
}

// All that is kept of the drawings, as plain values; pictures are read from their addresses again.
export function drawingToKeep() {
  const plain = (step) => ({ ...step, image: undefined });
  const drawings = state.versions.map(({ steps, undone, frame, faces }) => ({ steps: steps.map(plain), undone: undone.map(plain), frame, faces }));
  const sizes = Object.fromEntries(NAMES.map((name) => [name, LAYERS[name].size]));
  const seen = [view.scale / view.fit, (stage.clientWidth / 2 - view.x) / view.scale, (stage.clientHeight / 2 - view.y) / view.scale, ...(isStraight(view) ? [] : [view.angle, view.flip])];
  return { drawings, current: state.current, sizes, recent: state.recent, color: LAYERS.color.paint, line: LAYERS.sketch.paint, layer: state.layer, seen };
}

export async function restore() {
  if (!(await (store ??= openStore()))) return;
  const { from, work } = await (claimed ??= claim());
  if (from === null) return;
  const [photos, drawing] = [await kept(keyOf(from, 'photos')), await kept(keyOf(from, 'drawing'))];
  if (!photos?.length || !drawing || drawing.drawings.length !== photos.length || version()) return;
  const read = await Promise.all(photos.map(({ blob }) => measured(blob)));
  if (version()) return; // a photo was chosen meanwhile
  await takeUp(photos, read, drawing);
  if (from !== work) keepPhotos();
  await uploaded();
  say('Your drawing is back.');
}

// The versions that were kept, each of them with the picture that was read of it, and their drawings take the place of those here.
export async function takeUp(photos, read, drawing) {
  state.versions = read.map(({ blob, url, width, height }, index) => ({
    blob, url, width, height, name: photos[index].name, thumbnail: photos[index].thumbnail, sample: photos[index].sample, lines: photos[index].lines, uploaded: null, ...drawing.drawings[index],
  }));
  for (const { steps, undone } of state.versions) {
    for (const step of [...steps, ...undone]) if (step.kind === 'picture') step.image = await canvasOf(step.url);
  }
  for (const [name, size] of Object.entries(drawing.sizes)) LAYERS[name].size = size;
  Object.assign(state, { recent: drawing.recent, layer: drawing.layer });
  LAYERS.color.paint = drawing.color;
  LAYERS.sketch.paint = drawing.line ?? LINE_COLORS[0]; // which older ones do not say
  const [zoom, x, y, angle = 0, flip = 1] = drawing.seen;
  Object.assign(view, { angle, flip });
  showVersion(drawing.current);
  const scale = view.fit * zoom;
  moveView(scale, stage.clientWidth / 2 - x * scale, stage.clientHeight / 2 - y * scale);
}

export function startKeeping() {
  when('keep', keepDrawing);
  when('versions', keepPhotos);
  window.addEventListener('pagehide', () => { if (keeping) keepDrawingNow(); });
  document.addEventListener('visibilitychange', () => { if (document.hidden && keeping) keepDrawingNow(); });
}
