// Smiles, the colour of hair, and enlargement of what is seen.

import { backend, find } from './page.js';
import { panel, wishShown } from './portrait.js';
import { enlarge } from './result.js';
import { state, version, when } from './state.js';

const KIND = 'alter';

function wish() {
  const smile = Number(find('.smile').value) / 100, hair = find('[data-change=hair]').checked ? find('.hair-color').value : null;
  return smile || hair ? { smile, hair } : null;
}

// The controls as they were for the result that is shown, or as they are for no change.
function refresh() {
  const { smile, hair } = wishShown(KIND) ?? { smile: 0, hair: null };
  find('.smile').value = Math.round(100 * smile);
  find('[data-change=hair]').checked = !!hair;
  if (hair) find('.hair-color').value = hair;
  showNumber();
}

function showNumber() {
  const { value } = find('.smile');
  find('.smile').nextElementSibling.value = `${value > 0 ? '+' : ''}${value} %`;
}

export const enlargeTwice = () => enlarge(2);
export const enlargeMore = () => enlarge(4);

export function startChange() {
  const { listen } = panel({ kind: KIND, wish, tried: (asked) => [asked, 1], likely: { smile: 0.5, hair: null }, doing: 'Changing…', next: 'Changed. Drag over the photo to compare.', refresh });
  find('.smile').addEventListener('input', showNumber);
  find('.hair-color').addEventListener('input', () => { find('[data-change=hair]').checked = true; });
  for (const control of ['.smile', '.hair-color', '[data-change=hair]']) listen(find(control));
  find('.change .wishes').hidden = !backend.changes;
  when('choice', () => { find('.change').hidden = !(backend.changes || backend.enlarges) || !version() || (version().lines && state.mode === 'draw'); });
}
