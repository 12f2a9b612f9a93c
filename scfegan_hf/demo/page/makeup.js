// Make-up of what is seen: by colours, from another photo, or off.

import { backend, find, findAll, say } from './page.js';
import { panel } from './portrait.js';
import { changeShown } from './result.js';
import { version, when } from './state.js';

const MOST = 1.5; // the strongest that the slider goes

let reference = null; // the photo whose make-up comes over, until a colour is chosen
let applied;

const colors = () => Object.fromEntries(findAll('.makeup [data-tint]').filter((box) => box.checked)
  .map((box) => [box.dataset.tint, box.closest('label').querySelector('[type=color]').value]));

function wish() {
  const strength = Number(find('.strength').value) / 100, chosen = colors();
  if (reference) return { strength, reference };
  return Object.keys(chosen).length ? { strength, colors: chosen } : null;
}

export function makeUp() {
  reference = null;
  if (!wish()) return say('Choose a colour for lips, lids or cheeks first.', true);
  return applied(false);
}

export const makeupOff = () => changeShown('makeup', () => {
  say('Making up…');
  return { strength: 1, remove: true };
}, 'The make-up is off. Drag over the photo to compare.');

async function makeupFrom(file) {
  try {
    reference = { path: (await backend.upload(file)).path };
  } catch {
    return say(backend.words.unsent, true);
  }
  return applied(false);
}

export function startMakeup() {
  const tried = (asked) => [{ ...asked, strength: MOST }, asked.strength / MOST];
  const { listen, apply } = panel({ kind: 'makeup', wish, tried, doing: 'Making up…', next: 'Made up. Drag over the photo to compare.' });
  applied = apply;
  find('.strength').addEventListener('input', ({ target }) => { target.nextElementSibling.value = `${target.value} %`; });
  for (const picker of findAll('.makeup [type=color]')) {
    picker.addEventListener('input', () => {
      picker.closest('label').querySelector('[data-tint]').checked = true;
      reference = null;
    });
  }
  for (const control of [find('.strength'), ...findAll('.makeup [type=color]')]) listen(control);
  find('.reference-file').addEventListener('change', ({ target }) => { if (target.files[0] && version()) makeupFrom(target.files[0]); target.value = ''; });
  when('choice', () => { find('.makeup').hidden = !backend.makesUp || !version() || version().lines; });
  when('photo', () => { reference = null; });
}
