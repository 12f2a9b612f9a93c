// What is seen painted in a style, by its name or like another picture.

import { backend, find, say } from './page.js';
import { changeShown } from './result.js';
import { version, when } from './state.js';

const change = (more) => changeShown('style', async () => {
  say('Painting…');
  return { strength: Number(find('.style-strength').value) / 100, ...(await more()) };
}, 'Painted. Drag over the photo to compare.');

export const paintIn = (style) => change(() => ({ style }));
const paintLike = (file) => change(async () => ({ reference: { path: (await backend.upload(file)).path } }));

export function startStyle() {
  when('choice', () => { find('.style').hidden = !backend.paints || !version() || version().lines; });
  find('.style-strength').addEventListener('input', ({ target }) => { target.nextElementSibling.value = `${target.value} %`; });
  find('.style-file').addEventListener('change', ({ target }) => { if (target.files[0] && version()) paintLike(target.files[0]); target.value = ''; });
}
