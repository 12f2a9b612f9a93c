// What is under a finger, seen beside it: a finger hides what it draws on.

import { matrixOf } from './bearing.js';
import { worldBox } from './drawing.js';
import { find, photo, stage } from './page.js';
import { hand, version, when } from './state.js';
import { canvases, view } from './view.js';

const SIDE = 116, CLOSER = 1.6;

export function showLoupe({ clientX, clientY }) {
  const loupe = find('.loupe'), box = stage.getBoundingClientRect(), ratio = view.ratio;
  const [x, y] = [clientX - box.left, clientY - box.top];
  loupe.width = loupe.height = Math.round(SIDE * ratio);
  loupe.classList.toggle('away', x < SIDE + 40 && y < SIDE + 40); // to the other corner
  loupe.hidden = false;
  const context = loupe.getContext('2d');
  context.setTransform(ratio * CLOSER, 0, 0, ratio * CLOSER, ratio * (SIDE / 2 - CLOSER * x), ratio * (SIDE / 2 - CLOSER * y));
  context.save();
  context.transform(...matrixOf(view), view.x, view.y);
  context.drawImage(photo, ...worldBox().map((value) => value * view.scale));
  context.restore();
  for (const name of ['mask', 'color', 'sketch', 'preview']) {
    const { opacity, visibility } = canvases[name].style;
    context.globalAlpha = visibility === 'hidden' ? 0 : Number(opacity || 1);
    context.drawImage(canvases[name], 0, 0, stage.clientWidth, stage.clientHeight);
  }
}

export function hideLoupe() {
  find('.loupe').hidden = true;
}

export const loupeWanted = (event) => event.pointerType === 'touch' && hand.stroke?.pointer === event.pointerId && !!version();

export function startLoupe() {
  when('photo', hideLoupe);
}
