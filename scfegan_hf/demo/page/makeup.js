// Make-up of what is seen: by colours, from another photo, or off.

import { backend, find, findAll, say } from './page.js';
import { changeShown } from './result.js';
import { version, when } from './state.js';

const strength = () => Number(find('.strength').value) / 100;
const colors = () => Object.fromEntries(findAll('.makeup [data-tint]').filter((box) => box.checked)
  .map((box) => [box.dataset.tint, box.closest('label').querySelector('[type=color]').value]));

const change = (more) => changeShown('makeup', async () => {
  say('Making up…');
  return { strength: strength(), ...(await more()) };
}, 'Made up. Drag over the photo to compare.');

export function makeUp() {
  const chosen = colors();
  if (!Object.keys(chosen).length) return say('Choose a colour for lips, lids or cheeks first.', true);
  return change(() => ({ colors: chosen }));
}

export const makeupOff = () => changeShown('makeup', () => {
  say('Making up…');
  return { strength: 1, remove: true };
}, 'The make-up is off. Drag over the photo to compare.');

const makeupFrom = (file) => change(async () => ({ reference: { path: (await backend.upload(file)).path } }));

export function startMakeup() {
  const show = () => { find('.makeup').hidden = !backend.makesUp || !version() || version().lines; };
  when('choice', show);
  find('.strength').addEventListener('input', ({ target }) => { target.nextElementSibling.value = `${target.value} %`; });
  for (const picker of findAll('.makeup [type=color]')) {
    picker.addEventListener('input', () => { picker.closest('label').querySelector('[data-tint]').checked = true; });
  }
  find('.reference-file').addEventListener('change', ({ target }) => { if (target.files[0] && version()) makeupFrom(target.files[0]); target.value = ''; });
}
