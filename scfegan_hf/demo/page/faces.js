// Faces found in the photo: offered, chosen, shown.

import { photoScale } from './drawing.js';
import { backend, find, findAll, say, stage } from './page.js';
import { tell, version, when } from './state.js';
import { showBox, turnStyle, view } from './view.js';

// `more`: a sentence that is said after what was found.
export async function findFaces(more = '') {
  const own = version();
  const { faces } = await backend.ask('faces', { drawing: { photo: own.uploaded } });
  if (own !== version()) return;
  own.faces = faces;
  // A face that fills the photo needs no closer look.
  const small = faces.filter(([, , wide]) => wide < 0.8 * Math.min(own.width, own.height));
  if (!faces.length) return say(`No face was found. You can draw all the same.${more}`);
  if (faces.length === 1 && !small.length) return say(`Face found: paint over what should change.${more}`);
  say((faces.length === 1 ? 'A face was found.' : `${faces.length} faces were found: click the one to work on.`) + more);
  offerFaces();
}

export function offerFaces() {
  if (!version()?.faces.length) return;
  const { faces } = version(), several = faces.length > 1, offer = find('.offer');
  stage.classList.add('offering');
  offer.querySelector('span').textContent = several ? 'Which face?' : 'Face found';
  offer.querySelector('.primary').hidden = several;
  find('.faces').classList.toggle('several', several);
  find('.faces').replaceChildren(...faces.map((_, index) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.tabIndex = several ? 0 : -1;
    button.setAttribute('aria-label', `Zoom to face ${index + 1}`);
    button.textContent = several ? index + 1 : '';
    button.onclick = () => chooseFace(index);
    const box = document.createElement('div');
    box.append(button);
    return box;
  }));
  placeFaces();
  tell('choice');
}

function placeFaces() {
  const { faces, width, height } = version(), pixel = view.scale / photoScale();
  findAll('.faces button').forEach((button, index) => {
    const [x, y, wide, high] = faces[index];
    const box = button.parentElement;
    const [left, top] = [(x - width / 2) * pixel, (y - height / 2) * pixel]; // from the world's origin, around which it is turned
    box.style.cssText = `left:${left + view.x}px;top:${top + view.y}px;width:${wide * pixel}px;height:${high * pixel}px;transform-origin:${-left}px ${-top}px;${turnStyle()}`;
  });
}

export function chooseFace(index) {
  version().frame = version().faces[index];
  hideFaceOffer();
  showBox(version().frame);
  say('Paint over what should change.');
  stage.focus({ preventScroll: true });
  tell('keep');
}

export function hideFaceOffer() {
  stage.classList.remove('offering');
  find('.faces').replaceChildren();
  if (version()) tell('choice');
}

export function startFaces() {
  when('photo', hideFaceOffer);
  when('view', placeFaces);
}
