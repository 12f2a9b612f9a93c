// The comparison of a result: left of the divider is the photo before.

import { back, matrixOf } from './bearing.js';
import { find, result, stage } from './page.js';
import { hand, state, when } from './state.js';
import { seenBox, view } from './view.js';

let share = 0, unveiling = 0; // the number of the last unveiling, which a hand or a key ends
function setDivider(value) {
  share = Math.min(Math.max(value, 0), 1);
  stage.style.setProperty('--share', share);
  find('.divider').setAttribute('aria-valuenow', Math.round(share * 100));
  placeDivider();
}

function placeDivider() {
  if (state.mode !== 'result') return;
  const at = share * stage.clientWidth, { clientWidth, clientHeight } = stage;
  find('.divider').style.left = `${at}px`;
  // The stage right of it, as the result sees that: a clip is turned with what it clips.
  const middle = [parseFloat(result.style.width) / 2, parseFloat(result.style.height) / 2], matrix = matrixOf(view);
  const corners = [[at, 0], [clientWidth, 0], [clientWidth, clientHeight], [at, clientHeight]].map(([x, y]) => {
    const [right, down] = back(matrix, [x - view.x, y - view.y]);
    return `${right + middle[0]}px ${down + middle[1]}px`;
  });
  result.style.clipPath = `polygon(${corners.join(',')})`;
}

const moved = (value) => { unveiling++; setDivider(value); };
export const moveDivider = (event) => moved((event.clientX - stage.getBoundingClientRect().left) / stage.clientWidth);
export const nudgeDivider = (direction) => moved(share + direction * 0.05);

// Show the result from the left on, bit by bit, or at once if it is to be `still`.
export function reveal(still = matchMedia('(prefers-reduced-motion: reduce)').matches) {
  const own = ++unveiling, from = performance.now();
  const [begins, , wide] = seenBox(), left = Math.max(24, begins + 0.06 * wide) / stage.clientWidth;
  const frame = (now) => {
    if (own !== unveiling || state.mode !== 'result') return;
    const part = still || hand.gesture ? 1 : Math.min((now - from) / 700, 1), eased = 1 - (1 - part) ** 3;
    setDivider(1 - (1 - left) * eased);
    if (part < 1) requestAnimationFrame(frame);
  };
  frame(from);
}

export function startDivider() {
  const divider = find('.divider');
  divider.addEventListener('pointerdown', (event) => {
    divider.setPointerCapture(event.pointerId);
    hand.gesture = { pointer: event.pointerId, kind: event.pointerType, divider: true };
    event.preventDefault();
  });
  divider.addEventListener('keydown', (event) => {
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    if (event.key === 'Home' || event.key === 'End') moved(event.key === 'Home' ? 0 : 1);
    else if (event.key in moves) nudgeDivider(moves[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  when('view', placeDivider);
}
