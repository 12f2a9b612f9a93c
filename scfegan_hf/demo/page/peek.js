// A small view of the face beside the panels, while the photo is out of sight: on a phone who moves a slider would else not
// see what it does. A click leads back to the photo.

import { find, photo, stage } from './page.js';
import { state, version, when } from './state.js';

const MARGIN = 1.5; // sides of what changed, that are shown
const ENOUGH = 0.6; // share of what changed, that can be seen on the stage

let seen = null; // {url, patch, frame, style}: a picture, what lies over it, and the part of the photo that matters

// What is tried out, or made: `style` places the patch.
export function peekAt(picture) {
  seen = picture && { frame: seen?.frame, ...picture };
  refreshPeek();
}

// Away from the control that is moved.
export function peekBeside(control) {
  const { top, bottom } = control.getBoundingClientRect();
  find('.peek').classList.toggle('low', (top + bottom) / 2 < innerHeight / 2);
}

function refreshPeek() {
  const peek = find('.peek');
  peek.hidden = !seen?.frame || !version() || isInSight(seen.frame);
  if (peek.hidden) return;
  const { width, height } = version(), [x, y, wide, high] = seen.frame, whole = find('.peek .whole'), patch = find('.peek .patch');
  const side = Math.min(Math.max(wide, high) * MARGIN, Math.max(width, height)), share = (part) => `${(100 * part) / side}%`;
  find('.peek span').style.cssText = `width:${share(width)};height:${share(height)};left:${share(side / 2 - x - wide / 2)};top:${share(side / 2 - y - high / 2)}`;
  if (whole.getAttribute('src') !== seen.url) whole.src = seen.url;
  patch.hidden = !seen.patch;
  if (seen.patch) {
    patch.src = seen.patch;
    patch.style.cssText = seen.style;
  }
}

function isInSight([x, y, wide, high]) {
  const all = photo.getBoundingClientRect(), frame = stage.getBoundingClientRect(), { width, height } = version();
  const left = all.left + (all.width * x) / width, top = all.top + (all.height * y) / height, size = [(all.width * wide) / width, (all.height * high) / height];
  const across = Math.min(left + size[0], frame.right) - Math.max(left, frame.left), down = Math.min(top + size[1], frame.bottom, innerHeight) - Math.max(top, frame.top, 0);
  return Math.max(across, 0) * Math.max(down, 0) > ENOUGH * size[0] * size[1];
}

export const backToPhoto = () => stage.scrollIntoView({ block: 'center' });

export function startPeek() {
  document.addEventListener('scroll', () => seen && refreshPeek(), { passive: true, capture: true });
  when('photo', () => peekAt(null));
  when('choice', () => { if (state.mode === 'draw' && !stage.classList.contains('trying')) peekAt(null); });
}
