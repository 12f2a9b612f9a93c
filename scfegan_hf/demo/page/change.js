// Smiles, age, features, the colour of hair, and enlargement of what is seen.

import { backend, find } from './page.js';
import { panel, wishShown } from './portrait.js';
import { enlarge } from './result.js';
import { state, version, when } from './state.js';

const KIND = 'alter';

const SLIDERS = { smile: [100, ' %'], age: [1, ''], features: [100, ' %'] }; // what the slider counts to 1, and how it is shown
const NONE = { smile: 0, age: 0, features: 0, hair: null };

function wish() {
  const asked = { ...NONE, hair: find('[data-change=hair]').checked ? find('.hair-color').value : null };
  for (const [name, [parts]] of Object.entries(SLIDERS)) asked[name] = Number(find(`.${name}`).value) / parts;
  return Object.values(asked).some(Boolean) ? asked : null;
}

// The controls as they were for the result that is shown, or as they are for no change.
function refresh() {
  const asked = wishShown(KIND) ?? NONE;
  for (const [name, [parts]] of Object.entries(SLIDERS)) find(`.${name}`).value = Math.round(parts * asked[name]);
  find('[data-change=hair]').checked = !!asked.hair;
  if (asked.hair) find('.hair-color').value = asked.hair;
  showNumbers();
}

function showNumbers() {
  for (const [name, [, unit]] of Object.entries(SLIDERS)) {
    const { value } = find(`.${name}`);
    find(`.${name}`).nextElementSibling.value = `${value > 0 ? '+' : ''}${value}${unit}`;
  }
}

export const enlargeTwice = () => enlarge(2);
export const enlargeMore = () => enlarge(4);

export function startChange() {
  const { listen } = panel({ kind: KIND, wish, tried: (asked) => [asked, 1], likely: { ...NONE, smile: 0.5 }, doing: 'Changing…', next: 'Changed. Drag over the photo to compare.', refresh });
  for (const name of Object.keys(SLIDERS)) find(`.${name}`).addEventListener('input', showNumbers);
  find('.hair-color').addEventListener('input', () => { find('[data-change=hair]').checked = true; });
  for (const control of [...Object.keys(SLIDERS).map((name) => `.${name}`), '.hair-color', '[data-change=hair]']) listen(find(control));
  find('.change .wishes').hidden = !backend.changes;
  when('choice', () => { find('.change').hidden = !(backend.changes || backend.enlarges) || !version() || (version().lines && state.mode === 'draw'); });
}
