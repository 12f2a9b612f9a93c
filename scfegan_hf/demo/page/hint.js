// What the page does, in three pictures of a real edit: under "How it works", and on the empty page until an edit has come back here.

import { find, findAll } from './page.js';
import { state, when } from './state.js';

const KEPT = 'scfegan-edited';

// Whether an edit was seen in this browser, now or before; one that keeps nothing may throw.
function seenBefore(now = false) {
  try {
    if (now) localStorage.setItem(KEPT, 'yes');
    return localStorage.getItem(KEPT) === 'yes';
  } catch {
    return now;
  }
}

export function startHint() {
  for (const image of findAll('[data-hint]')) image.src = new URL(`./hint/${image.dataset.hint}.jpg`, import.meta.url);
  const show = (known) => {
    find('.hint').hidden = known;
    find('.choose > svg').toggleAttribute('hidden', !known);
  };
  show(seenBefore());
  when('choice', () => {
    if (state.mode === 'result' && !find('.hint').hidden) show(seenBefore(true));
  });
}
