// Examples: a picture and a drawing on it, loaded and run by one click, with a moment to look at the drawing before.

import { find, props, say, stage } from './page.js';
import { takePhoto } from './photo.js';
import { runEdit } from './result.js';
import { state, version } from './state.js';

const LOOK = 1600; // milliseconds that the drawing is shown before it is edited

export function showSamples() {
  find('.samples').hidden = !props.samples.length;
  find('.samples .strip').replaceChildren(...props.samples.map((sample) => {
    const button = document.createElement('button'), image = document.createElement('img'), word = document.createElement('span');
    button.type = 'button';
    Object.assign(image, { src: sample.thumbnail, alt: '' });
    word.textContent = sample.title;
    button.append(image, word);
    button.onclick = () => runSample(sample);
    return button;
  }));
}

async function runSample({ title, photo: picture, steps: drawn }) {
  if (state.running) return;
  const blob = await (await fetch(props.sample_photos[picture])).blob();
  await takePhoto(blob, `${title}.jpg`.toLowerCase(), structuredClone(drawn));
  const own = version();
  stage.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  say('This is the drawing: what is pink will be redrawn by it.');
  await new Promise((resolve) => setTimeout(resolve, LOOK));
  if (own === version() && state.mode === 'draw' && !state.running) await runEdit();
}
