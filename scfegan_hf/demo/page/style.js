// What is seen painted in a style, by its name or like another picture.

import { backend, find, say } from './page.js';
import { panel } from './portrait.js';
import { version, when } from './state.js';

let chosen = null; // {style}, a name, or {reference}, a picture
let applied;

const wish = () => chosen && { strength: Number(find('.style-strength').value) / 100, ...chosen };

export function paintIn(style) {
  chosen = { style };
  return applied(false);
}

async function paintLike(file) {
  try {
    chosen = { reference: { path: (await backend.upload(file)).path } };
  } catch {
    return say(backend.words.unsent, true);
  }
  return applied(false);
}

export function startStyle() {
  const tried = (asked) => [{ ...asked, strength: 1 }, asked.strength];
  const { listen, apply } = panel({ kind: 'style', wish, tried, doing: 'Painting…', next: 'Painted. Drag over the photo to compare.' });
  applied = apply;
  find('.style-strength').addEventListener('input', ({ target }) => { target.nextElementSibling.value = `${target.value} %`; });
  listen(find('.style-strength'));
  find('.style-file').addEventListener('change', ({ target }) => { if (target.files[0] && version()) paintLike(target.files[0]); target.value = ''; });
  when('choice', () => { find('.style').hidden = !backend.paints || !version() || version().lines; });
  when('photo', () => { chosen = null; });
}
