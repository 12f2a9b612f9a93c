// What everything on the page stands on: the component's surface and the parts of its markup that many modules use.
//
// `start` (start.js) is given `{element, props, trigger, upload, watch}`, as gr.HTML gives them: the element with page.html
// in it, what the page is told, a function that sends an event, one that stores a file, one that calls back when a prop
// changes. No module touches the document when it is imported, so each can be imported by Node.

export let element, props, trigger, upload, watch;
export let editor, stage, photo, result;

export function attach(surface) {
  ({ element, props, trigger, upload, watch } = surface);
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
