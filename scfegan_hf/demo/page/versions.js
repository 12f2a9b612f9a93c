// Versions of the photo: the first, each result that was gone on from, and examples beside them; each with its own drawing.

import { backend, blank, editor, find, loaded, photo, press, props, say } from './page.js';
import { ownVersions, setMode, state, tell, version } from './state.js';
import { measureStage } from './view.js';

export async function measured(blob) {
  const url = URL.createObjectURL(blob), image = await loaded(new Image(), url);
  return { blob, url, image, width: image.naturalWidth, height: image.naturalHeight };
}

export function addVersion({ blob, url, image, width, height }, name, drawn, more) {
  const thumbnail = thumbnailOf(image, width, height);
  const added = { name, blob, url, width, height, thumbnail, uploaded: null, steps: drawn, undone: [], frame: null, faces: [], ...more };
  const at = added.sample ? state.versions.length : ownVersions().length;
  state.versions.splice(at, 0, added);
  showVersion(at);
  tell('versions');
}

export function thumbnailOf(image, width, height) {
  const canvas = blank(96, 96), side = Math.min(width, height);
  canvas.getContext('2d').drawImage(image, (width - side) / 2, (height - side) / 2, side, side, 0, 0, 96, 96);
  return canvas.toDataURL('image/jpeg', 0.8);
}

export function showVersion(index) {
  state.current = index;
  photo.src = version().url;
  editor.dataset.state = 'ready';
  setMode('draw');
  tell('photo');
  measureStage();
  showHistory();
  tell('keep');
}

// The upload of the current photo, begun once; it throws in words.
export function uploaded() {
  const own = version();
  own.uploading ??= (async () => {
    if (own.uploaded) return;
    say('Loading the photo…');
    try {
      const blob = await sendable(own), file = new File([blob], fileName(own.name, blob.type), { type: blob.type });
      own.uploaded = { path: (await backend.upload(file)).path };
      if (own === version()) say(`${own.width} × ${own.height}`);
    } catch (error) {
      own.uploading = null;
      throw error.said ? error : new Error(backend.words.unsent);
    }
  })();
  return own.uploading;
}

// The photo as a file that the server takes: results are PNG, which may be larger than the photo was.
async function sendable({ blob, url, width, height }) {
  const limit = props.max_upload_bytes;
  if (blob.size <= limit) return blob;
  const canvas = blank(width, height);
  canvas.getContext('2d').drawImage(await loaded(new Image(), url), 0, 0);
  for (const [type, quality] of [['image/webp', 1], ['image/jpeg', 0.97], ['image/jpeg', 0.85]]) { // the first loses nothing
    const smaller = await new Promise((resolve) => { canvas.toBlob(resolve, type, quality); });
    if (smaller?.type === type && smaller.size <= limit) return smaller;
  }
  throw Object.assign(new Error(`This version is over ${limit >> 20} MB in any form. Download it and make it smaller.`), { said: true });
}

// What a photo or a deletion takes away can be brought back, until something else is taken away.
let removed = null;

export function setAside() {
  for (const old of removed?.versions ?? []) if (!state.versions.includes(old)) URL.revokeObjectURL(old.url);
  removed = version() ? { versions: [...state.versions], current: state.current } : null;
}

export function bringBack() {
  if (!removed || state.running) return;
  const { versions, current } = removed;
  removed = { versions: [...state.versions], current: state.current };
  state.versions = versions;
  showVersion(current);
  tell('versions');
  say('Your versions from before are back.');
}

export function deleteVersion() {
  if (state.versions.length < 2 || state.running) return;
  setAside();
  state.versions.splice(state.current, 1);
  showVersion(Math.min(state.current, state.versions.length - 1));
  tell('versions');
  say('This version is deleted. Bring it back below if that was a mistake.');
}

export const fileName = (name, type) => `${name.replace(/\.[^.]*$/, '').replace(/[^\w-]+/g, '-').slice(0, 60) || 'photo'}.${(type.split('/')[1] || 'png').replace('jpeg', 'jpg')}`;

export function showHistory() {
  find('.history').hidden = !version() && !removed;
  find('.history .strip').hidden = find('[data-do=delete]').hidden = state.versions.length < 2;
  find('[data-do=bring-back]').hidden = !removed;
  const own = ownVersions().length;
  find('.history .strip').replaceChildren(...state.versions.map(({ thumbnail }, index) => {
    const button = document.createElement('button'), image = document.createElement('img'), word = document.createElement('span');
    button.type = 'button';
    press(button, index === state.current);
    image.src = thumbnail;
    image.alt = '';
    const edits = index < own ? index : index - own;
    word.textContent = edits ? `Edit ${edits}` : index < own ? 'Photo' : 'Example';
    button.append(image, word);
    button.onclick = () => showVersion(index);
    return button;
  }));
}
