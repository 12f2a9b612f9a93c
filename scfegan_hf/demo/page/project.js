// A project file: all versions of a photo, their drawings and brushes in one zip file, saved and opened. docs/app.md has its form.

import { drawingToKeep, takeUp } from './keep.js';
import { say } from './page.js';
import { NAMES, state, tell, version } from './state.js';
import { fileName, measured, setAside, thumbnailOf } from './versions.js';
import { unzipped, zipped } from './zip.js';

export const ENDING = '.scfegan';
const FORMAT = 'scfegan-project', EDITION = 1;
const FOREIGN = 'This file is no project of this editor.';
const NEWER = 'This project was saved by a newer edition of the editor. Reload the page, or open it there.';
const KINDS = ['stroke', 'fill', 'picture', 'clear'];

export async function projectBytes() {
  const entries = {}, photos = [];
  for (const [index, { name, blob, sample, lines }] of state.versions.entries()) {
    const file = `versions/${index}-${fileName(name, blob.type)}`;
    entries[file] = new Uint8Array(await blob.arrayBuffer());
    photos.push({ name, file, type: blob.type, sample: !!sample, lines: !!lines });
  }
  const manifest = { format: FORMAT, edition: EDITION, photos, drawing: drawingToKeep() };
  return zipped({ 'manifest.json': new TextEncoder().encode(JSON.stringify(manifest)), ...entries });
}

export async function saveProject() {
  if (!version()) return;
  const url = URL.createObjectURL(new Blob([await projectBytes()], { type: 'application/zip' }));
  const name = version().name.replace(/\.[^.]*$/, '').replace(/[^\w-]+/g, '-').slice(0, 60) || 'photo';
  Object.assign(document.createElement('a'), { href: url, download: name + ENDING }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  say('The project is saved: photo, versions and drawings in one file. Choose it like a photo to go on.');
}

export async function openProject(file) {
  if (state.running) return;
  try {
    const { photos, drawing } = await readProject(new Uint8Array(await file.arrayBuffer()));
    const read = await Promise.all(photos.map(({ blob }) => measured(blob))).catch(() => { throw new Error(FOREIGN); });
    setAside();
    await takeUp(photos.map((photo, index) => ({ ...photo, thumbnail: thumbnailOf(read[index].image, read[index].width, read[index].height) })), read, drawing);
    tell('versions');
    say('The project is open.');
  } catch (error) {
    say(error.message, true);
  }
}

// {photos, drawing} as keep.js has them. Throws in words for what is none: files come from anybody.
export async function readProject(bytes) {
  const entries = await unzipped(bytes);
  let manifest = null;
  try {
    manifest = JSON.parse(new TextDecoder().decode(entries['manifest.json']));
  } catch { /* none */ }
  if (manifest?.format !== FORMAT) throw new Error(FOREIGN);
  if (manifest.edition > EDITION) throw new Error(NEWER);
  const { photos, drawing } = manifest;
  if (!Array.isArray(photos) || !photos.length || !photos.every(({ file }) => entries[file]) || !isSound(drawing, photos.length)) throw new Error(FOREIGN);
  return { drawing, photos: photos.map(({ name, file, type, sample, lines }) => ({ name: String(name), sample: !!sample, lines: !!lines, blob: new Blob([entries[file]], { type: String(type) }) })) };
}

const numbers = (list, length) => Array.isArray(list) && list.length === length && list.every(Number.isFinite);
const isColor = (text) => typeof text === 'string' && /^#[0-9a-f]{6}$/i.test(text);
function isStep(step) {
  if (!step || !NAMES.includes(step.layer) || !KINDS.includes(step.kind)) return false;
  if (step.kind === 'clear') return true;
  if (step.kind === 'picture') return numbers(step.box, 4) && typeof step.url === 'string' && step.url.startsWith('data:image/png;base64,');
  const points = Array.isArray(step.points) && step.points.length && step.points.every((point) => numbers(point, 2) || numbers(point, 3));
  return points && isColor(step.paint) && (step.kind === 'fill' || Number.isFinite(step.size));
}
const isFrame = (frame) => frame === null || numbers(frame, 4);
function isSound(drawing, count) {
  if (!drawing || !Array.isArray(drawing.drawings) || drawing.drawings.length !== count) return false;
  const { drawings, current, sizes, recent, color, layer, seen } = drawing;
  return drawings.every(({ steps, undone, frame, faces }) => [steps, undone].every((list) => Array.isArray(list) && list.every(isStep)) && isFrame(frame) && Array.isArray(faces) && faces.every((face) => numbers(face, 4))) &&
    Number.isInteger(current) && current >= 0 && current < count && NAMES.includes(layer) && isColor(color) && (drawing.line === undefined || isColor(drawing.line)) && Array.isArray(recent) && recent.every(isColor) &&
    NAMES.every((name) => Number.isFinite(sizes?.[name])) && (numbers(seen, 3) || (numbers(seen, 5) && Math.abs(seen[4]) === 1));
}
