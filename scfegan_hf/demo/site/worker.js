// Everything that a server would do, in a worker of the visitor's browser: photographs never leave it.

import { editAnswer, facesAnswer, partAnswer, recolorAnswer, traceAnswer } from './engine/answers.js';
import { enlarge } from './engine/enlarge.js';
import { guesserOf } from './engine/guess.js';
import { facesFrom } from './engine/lines.js';
import { decodePng, encodePng, markedPng } from './engine/png.js';
import { readPicture } from './engine/pictures.js';
import { priorOf } from './engine/prior.js';
import { Networks, unpacked } from './networks.js';

const photos = new Map(); // blobs by the path that the page calls them by
let settings, networks, cascade, gaussian, opened = null; // opened: the photograph that was read last, with its path

const look = (picture, labels) => networks.look(picture, labels, settings.annotator.finer);
const haar = async () => (cascade ??= JSON.parse(new TextDecoder().decode(await unpacked(settings.files.cascade))));

const prior = async () => (gaussian ??= priorOf(await unpacked(settings.files.prior), settings.guess));

async function decode(blob) {
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' }), { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

let results = 0;
function stored(blob) {
  const path = `result-${++results}`;
  photos.set(path, blob);
  return { path, blob };
}

async function photoOf({ photo }) {
  const path = photo?.path;
  if (opened?.path === path && path) return opened.photo;
  if (!photos.has(path)) throw Object.assign(new Error('The photo is no longer here. Choose it again.'), { said: true, gone: true });
  opened = { path, photo: await readPicture(photos.get(path), decode, settings.limits) };
  return opened.photo;
}

const layer = async (url) => url && decodePng(new Uint8Array(await (await fetch(url)).arrayBuffer()));
async function drawingOf({ frame, mask, sketch, color }) {
  const [holes, lines, colours] = await Promise.all([mask, sketch, color].map(layer));
  return { frame, mask: holes, sketch: lines, color: colours };
}
const layerUrl = async (picture) => new FileReaderSync().readAsDataURL(await encodePng(picture));

// Answers are given up between two steps of what takes long: then messages arrive.
const givenUp = new Set();
async function ready(id) {
  await new Promise((resolve) => { setTimeout(resolve); });
  if (givenUp.has(id)) throw Object.assign(new Error('Cancelled. Your drawing is as it was.'), { said: true });
}
const telling = (network, id) => async (...values) => {
  await ready(id);
  return network(...values);
};
// Without a network, and before the files for it were ever needed, an edit does without a guess and says so.
async function guesserIfOnline(given, notes) {
  try {
    return await guesserOf(...given, look, await haar(), prior, settings);
  } catch (error) {
    if (!error.missing) throw error;
    notes.push('The colours were not guessed from the face: that takes a file which could not be loaded. Try again when you are online.');
    return null;
  }
}
const enlarger = (values, width, height) => networks.enlarge(values, width, height);

const ANSWERS = {
  async begin(given) {
    settings = given;
    networks = new Networks(settings.files);
    await networks.session('edit');
    return {};
  },
  // The files that later questions need, so that the service worker has them when there is no network any more.
  async fetch() {
    await Promise.all([...settings.files.annotator, ...settings.files.cascade].map((piece) => fetch(piece)));
    return {};
  },
  async keep({ path, blob }) {
    photos.set(path, blob);
    const { rgb } = await photoOf({ photo: { path } });
    return { width: rgb.width, height: rgb.height };
  },
  async edit({ drawing, mode = 'redraw', seed, candidates, feather }, id) {
    if (mode === 'recolor') {
      const picture = await recolorAnswer(await photoOf(drawing), await drawingOf(drawing), telling(look, id), await haar(), settings, feather);
      return { images: [stored(await markedPng(picture, settings.notes.edited))] };
    }
    const notes = [], tell = (done) => postMessage({ id, done }), guesser = (...given) => guesserIfOnline(given, notes), options = { seed, candidates, feather, tell, guesser };
    const results = await editAnswer(await photoOf(drawing), await drawingOf(drawing), telling((given) => networks.edit(given), id), settings.edit, options);
    return { notes, images: await Promise.all(results.map(async (picture) => stored(await markedPng(picture, settings.notes.edited)))) };
  },
  async enlarge({ drawing, scale }, id) {
    const photo = await photoOf(drawing), { width, height } = photo.rgb, { most_pixels: most } = settings.enlarge;
    if (width * height > most) throw Object.assign(new Error(`The photo is large already: only photos of up to ${most / 1e6} megapixels are enlarged here.`), { said: true });
    const picture = await enlarge(photo, scale, telling(enlarger, id), settings.enlarge, (done) => postMessage({ id, done }));
    return { images: [stored(await markedPng(picture, settings.notes.edited))] };
  },
  async lines({ drawing, seed, candidates }, id) {
    const { sketch, color } = await drawingOf(drawing), options = { seed, candidates, tell: (done) => postMessage({ id, done }) };
    if (!sketch) throw Object.assign(new Error('Draw a face first: its outline, eyes, nose and mouth.'), { said: true });
    const faces = await facesFrom({ sketch, color }, (given) => networks.draw(given), telling(enlarger, id), { ...settings.lines, enlarge: settings.enlarge }, options);
    return { images: await Promise.all(faces.map(async (face, i) => ({ ...stored(await markedPng(face, settings.notes.generated)), label: `face ${i + 1}` }))) };
  },
  faces: async ({ drawing }) => ({ faces: facesAnswer(await photoOf(drawing), await haar(), settings.annotator) }),
  async part({ drawing, point }) {
    const answer = await partAnswer(await photoOf(drawing), point, look, await haar(), settings.annotator, settings.canvas_side);
    return { ...answer, mask: await layerUrl(answer.mask) };
  },
  async trace({ drawing }) {
    const answer = await traceAnswer(await photoOf(drawing), await drawingOf(drawing), look, settings.annotator, settings.canvas_side);
    return { ...answer, sketch: await layerUrl(answer.sketch) };
  },
};

// One after the other.
let turn = Promise.resolve();
self.onmessage = ({ data: { id, kind, question } }) => {
  if (kind === 'cancel') return void givenUp.add(question);
  turn = turn.then(async () => {
    try {
      if (givenUp.delete(id)) return;
      postMessage({ id, answer: await ANSWERS[kind](question, id) });
    } catch (error) {
      postMessage({ id, failure: { said: error.said ? error.message : null, gone: !!error.gone, told: String(error.stack ?? error) } });
    } finally {
      givenUp.delete(id);
    }
  });
};
