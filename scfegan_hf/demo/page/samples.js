// Examples: a picture and a drawing on it, loaded and run by one click.

import { find, props, stage } from './page.js';
import { takePhoto } from './photo.js';
import { runEdit } from './result.js';
import { state } from './state.js';

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
  stage.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  await runEdit();
}
