import assert from 'node:assert/strict';
import { test } from 'node:test';

import { translator, wanted } from '../../../scfegan_hf/demo/page/words.js';

const translate = translator({ Brush: 'Pinsel', 'Working…': 'In Arbeit…', 'Place {} of {}.': 'Platz {} von {}.', 'A note.': 'Eine Notiz.', 'Result {} of {}': 'Ergebnis {} von {}', 'Costs $1.': 'Kostet $1.' });

test('sentences, shortcuts and numbers', () => {
  assert.equal(translate('Brush'), 'Pinsel');
  assert.equal(translate('  Brush\n'), '  Pinsel\n');
  assert.equal(translate('Brush (B)'), 'Pinsel (B)');
  assert.equal(translate('Place 3 of 12.'), 'Platz 3 von 12.');
  assert.equal(translate('Costs $1.'), 'Kostet $1.'); // no pattern of a replacement
});

test('notes one after another, and what nobody has translated', () => {
  assert.equal(translate('A note. Place 1 of 2.'), 'Eine Notiz. Platz 1 von 2.');
  assert.equal(translate('A note. Something else.'), 'Eine Notiz. Something else.');
  assert.equal(translate('512 × 512'), '512 × 512');
  assert.equal(translate('+'), '+');
});

test('a browser gets the first of its languages that there is', () => {
  assert.equal(wanted(['de-AT', 'en']), 'de');
  assert.equal(wanted(['nl', 'zh-Hant-TW']), 'zh');
  assert.equal(wanted(['nl']), 'en');
});
