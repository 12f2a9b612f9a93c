// What everything on the page stands on: the element with page.html in it, what the page is told, and who answers it.
//
// A backend is {words, modes, enlarges, draws, doodles, makesUp, paints, changes, previews, feathers, ask, cancel, upload, questions}. `words`: sentences that depend on where photos go (server.js has them all).
// `modes`: what its edits can be, of redraw and recolor. `doodles`: whether it reads a drawn face as a doodle too. `enlarges`, `draws`, `makesUp`, `paints`, `changes`: whether it answers questions of that kind ("enlarge", "lines", "makeup", "style",
// "alter"); `previews`: whether it answers what "preview" would make of them, small and at once, while a slider is moved;
// `feathers`: whether an edit's mask may fade. `cancel(kind)`: what is asked, of that kind or of any, is given up.
// `ask(kind, question)` promises an answer or an Error in words, with `gone` if the photo has to be handed over again.
// `upload(file)` promises {path}, by which questions call the photo; an Error of it with `said` may be shown. `questions()`:
// what is waited for, for whoever looks for a fault. No module touches the document when it is imported, so Node can.

export let element, props, backend;
export let editor, stage, photo, result;

export function attach(surface) {
  ({ element, props, backend } = surface);
  [editor, stage, photo, result] = ['.editor', '.stage', '.photo', '.result'].map(find);
}

export const find = (selector) => element.querySelector(selector);
export const findAll = (selector) => [...element.querySelectorAll(selector)];

export function say(text, wrong = false) {
  const status = find('.status');
  status.textContent = text;
  status.classList.toggle('wrong', wrong);
}

export const press = (button, pressed) => button.setAttribute('aria-pressed', pressed);

export function blank(width, height) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  return canvas;
}

export function copyOf(picture) {
  const canvas = blank(picture.width, picture.height);
  canvas.getContext('2d').drawImage(picture, 0, 0);
  return canvas;
}

// The picture once it is there. (Its own `decode()` stands still while the page is in the background.)
export function loaded(image, url) {
  return new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('no picture'));
    image.src = url;
  });
}

export async function canvasOf(url) {
  const image = await loaded(new Image(), url), canvas = blank(image.naturalWidth, image.naturalHeight);
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas;
}
