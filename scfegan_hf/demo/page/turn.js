// The photo turned by a quarter or mirrored, with what is drawn on it.

import { backend, blank, loaded, say } from './page.js';
import { state, tell, version } from './state.js';
import { measured, showVersion, thumbnailOf, uploaded } from './versions.js';
import { resetView } from './view.js';

// Each: where a point goes, in world units, whose origin is the photo's middle; what that makes of a canvas; new sides.
const WAYS = {
  right: { point: ([x, y, ...more]) => [-y, x, ...more], draw: (context, { height }) => context.setTransform(0, 1, -1, 0, height, 0), swaps: true },
  mirror: { point: ([x, y, ...more]) => [-x, y, ...more], draw: (context, { width }) => context.setTransform(-1, 0, 0, 1, width, 0), swaps: false },
};

function turnedCanvas(image, width, height, { draw, swaps }) {
  const canvas = swaps ? blank(height, width) : blank(width, height), context = canvas.getContext('2d');
  draw(context, { width, height });
  context.drawImage(image, 0, 0);
  return canvas;
}

// A box [x, y, width, height] around the middle `of` a picture.
export function turnedBox([x, y, wide, high], { point }, of = [0, 0], to = of) {
  const corners = [[x, y], [x + wide, y + high]].map(([px, py]) => point([px - of[0], py - of[1]]));
  const [left, top] = [0, 1].map((axis) => Math.min(corners[0][axis], corners[1][axis]));
  return [left + to[0], top + to[1], Math.abs(corners[0][0] - corners[1][0]), Math.abs(corners[0][1] - corners[1][1])];
}

export function turnedStep(step, way) {
  if (step.points) return { ...step, points: step.points.map(way.point) };
  if (!step.image) return step;
  const image = turnedCanvas(step.image, step.image.width, step.image.height, way);
  return { ...step, image, url: image.toDataURL('image/png'), box: turnedBox(step.box, way) };
}

export async function turnPhoto(name) {
  if (!version() || state.running) return;
  const own = version(), way = WAYS[name], { width, height } = own, middle = [width / 2, height / 2];
  const canvas = turnedCanvas(await loaded(new Image(), own.url), width, height, way);
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/webp', 1); }); // which loses nothing; PNG where there is none
  const read = blob && await measured(blob);
  if (!read || own !== version()) return;
  const box = (frame) => frame && turnedBox(frame, way, middle, way.swaps ? [middle[1], middle[0]] : middle);
  const [steps, undone] = [own.steps, own.undone].map((list) => list.map((step) => turnedStep(step, way)));
  const turned = { ...own, ...read, steps, undone, uploaded: null, uploading: null, thumbnail: thumbnailOf(read.image, read.width, read.height), frame: box(own.frame), faces: own.faces.map(box) };
  state.versions[state.current] = turned;
  showVersion(state.current);
  resetView();
  tell('versions');
  try {
    await uploaded();
    if (turned === version()) say(name === 'mirror' ? 'Mirrored, with your drawing.' : 'Turned, with your drawing.');
  } catch (error) {
    say(error.message || backend.words.unsent, true);
  }
}

export const ways = WAYS;
