// Photos in: file, drop, paste, camera.

import { findFaces, hideFaceOffer } from './faces.js';
import { isAnimation } from './kinds.js';
import { blank, editor, element, find, findAll, props, say } from './page.js';
import { ENDING, openProject } from './project.js';
import { chooseLayer, chooseTool, isInked, NAMES, ownVersions, state, version } from './state.js';
import { addVersion, measured, setAside, uploaded } from './versions.js';
import { resetView } from './view.js';

let photoNumber = 0;

// A new photo replaces all versions, and nothing is drawn on it: what was is cleared away, so that undoing brings it along. An example, which has its own drawing, stands beside
// them until the next one, so that a click on it loses nothing; its drawing is not taken along.
export async function takePhoto(blob, name, drawn = null) {
  if (name.endsWith(ENDING)) return openProject(blob);
  const limit = props.max_upload_bytes;
  if (blob.size > limit) return say(`This file is over ${limit >> 20} MB. Choose a smaller one.`, true);
  const number = ++photoNumber;
  let read;
  try {
    read = await measured(blob);
  } catch {
    return say('This file is not a picture that your browser can show. Choose a PNG or JPEG file.', true);
  }
  if (number !== photoNumber) return;
  if (isAnimation(new Uint8Array(await blob.arrayBuffer()))) return say('This picture is an animation. Save one frame of it as PNG or JPEG and choose that.', true);
  if (Math.min(read.width, read.height) < props.min_side) return say(`This picture is ${read.width} × ${read.height}. Choose one of at least ${props.min_side} × ${props.min_side} pixels.`, true);
  if (read.width * read.height > props.max_pixels) return say(`This photo has more than ${Math.floor(props.max_pixels / 1e6)} megapixels. Make it smaller first.`, true);
  const own = ownVersions(), last = version()?.sample ? own.at(-1) : version(), before = last?.lines ? null : last;
  if (!drawn) setAside();
  state.versions = drawn ? own : [];
  const left = drawn ? [] : NAMES.filter((layer) => isInked(before?.steps ?? [], layer)).map((layer) => ({ kind: 'clear', layer }));
  addVersion(read, name, drawn ?? [...(before?.steps ?? []), ...left], { sample: !!drawn });
  if (!drawn) chooseLayer('mask'), chooseTool('brush');
  hideFaceOffer();
  resetView();
  try {
    await uploaded();
    if (number === photoNumber && !drawn) await findFaces(left.length ? ' Undo brings the drawing of the photo before.' : '');
  } catch (error) {
    if (number === photoNumber && !state.running) say(error.message, true);
  }
}

// A sheet to draw a face on from nothing, with a head in grey to draw it by, which is not sent.
const SHEET = 512;
export async function startLines() {
  if (state.running) return;
  const canvas = blank(SHEET, SHEET), context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, SHEET, SHEET);
  context.strokeStyle = '#d5d9e2';
  context.lineWidth = 2;
  context.setLineDash([6, 7]);
  for (const [x, y, wide, high] of [[256, 268, 138, 190], [196, 244, 34, 16], [316, 244, 34, 16], [256, 376, 54, 18]]) {
    context.beginPath();
    context.ellipse(x, y, wide, high, 0, 0, 2 * Math.PI);
    context.stroke();
  }
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
  const read = await measured(blob);
  photoNumber++;
  setAside();
  state.versions = [];
  addVersion(read, 'drawing.png', [], { lines: true });
  hideFaceOffer();
  resetView();
  chooseLayer('sketch');
  say('Draw a face: its outline, hair, eyes, nose and mouth. Colours may be added. Then press Edit.');
}

const camera = () => find('dialog.camera');

export async function openCamera() {
  const words = camera().querySelector('p');
  words.textContent = '';
  camera().showModal();
  try {
    const video = camera().querySelector('video');
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user', width: { ideal: 1280 } } });
    await video.play();
  } catch {
    words.textContent = 'The camera could not be used. Allow it in your browser, or choose a photo instead.';
  }
}

export function closeCamera() {
  camera().querySelector('video').srcObject?.getTracks().forEach((track) => track.stop());
  camera().close();
}

export function shoot() {
  const video = camera().querySelector('video'), canvas = blank(video.videoWidth, video.videoHeight);
  if (!canvas.width) return;
  canvas.getContext('2d').drawImage(video, 0, 0);
  closeCamera();
  canvas.toBlob((blob) => takePhoto(blob, 'camera.jpg'), 'image/jpeg', 0.95);
}

export function startPhotos() {
  find('.file').addEventListener('change', ({ target }) => { if (target.files[0]) takePhoto(target.files[0], target.files[0].name); target.value = ''; });
  element.addEventListener('dragover', (event) => { event.preventDefault(); editor.classList.add('over'); });
  element.addEventListener('dragleave', (event) => { if (!element.contains(event.relatedTarget)) editor.classList.remove('over'); });
  element.addEventListener('drop', (event) => {
    event.preventDefault();
    editor.classList.remove('over');
    const [file] = event.dataTransfer.files;
    if (file) takePhoto(file, file.name);
  });
  document.addEventListener('paste', (event) => {
    const file = element.isConnected && [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (file) takePhoto(file, file.name);
  });
  camera().addEventListener('cancel', closeCamera);
  if (!navigator.mediaDevices?.getUserMedia) for (const button of findAll('[data-do=camera]')) button.hidden = true;
}
