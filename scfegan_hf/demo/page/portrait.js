// Changes of whole faces, by panels beside the photo, or below it. Each is made of what is shown; but where that is the panel's own result,
// of what that was made from, so that a slider that is moved again adds nothing up.

import { backend, say, stage } from './page.js';
import { cancelAsked, changeShown, shownResult, showOnly } from './result.js';
import { backToDrawing, state, version, when } from './state.js';
import { peekAt, peekBeside } from './peek.js';
import { endTrial, holdTrial, prepare, tryOut } from './trial.js';

const KEYS_REST = 600; // milliseconds without a key, after which a slider counts as let go

let made = null; // {result, kind, base, wish}: the last result of a panel
let making = null, ended = Promise.resolve(), latest = 0; // the kind that is being made, when that is over, and its number

const own = (kind) => (made?.kind === kind && made.result === shownResult() ? made : null);
export const wishShown = (kind) => own(kind)?.wish ?? null; // what the result that is shown was made by
const baseOf = (kind) => (own(kind) ? own(kind).base : shownResult());

// `kind`: the panel's event. `wish()`: what is asked for, or null for nothing. `tried(wish)`: [what is asked to try it out, how
// much of the answer is shown]. `likely`: what will be asked, where nothing is yet. `doing` and `next`: what is said. `refresh()`: the panel is to show `wishShown`, if it does.
export function panel({ kind, wish, tried, likely = null, doing, next, refresh = () => {} }) {
  let moving = false, resting = null, byKeys = false;

  const questionOf = (base, asked) => ({ drawing: { photo: base ? { path: base.file.path } : version().uploaded }, of: kind, ...asked });

  // A control was moved: the latest wish is tried out, and what was begun of an earlier one is given up.
  function moved({ target }) {
    clearTimeout(resting);
    peekBeside(target);
    if (making === kind) {
      latest++;
      cancelAsked();
    } else if (state.running) return;
    moving = true;
    const base = baseOf(kind), asked = wish();
    if (!backend.previews || !(base ?? version().uploaded)) return;
    if (!asked && !own(kind) && !stage.classList.contains('trying')) return; // nothing was asked for, and is not now
    if (!asked) return tryOut(null, base);
    const [trial, strength] = tried(asked);
    tryOut(questionOf(base, trial), base, strength);
  }

  // It was let go.
  function settled() {
    clearTimeout(resting);
    resting = setTimeout(apply, byKeys ? KEYS_REST : 0);
  }

  async function apply(still = true) {
    clearTimeout(resting);
    if (state.running && making !== kind) return over();
    const number = ++latest, asked = wish();
    holdTrial();
    if (making === kind) cancelAsked();
    await ended;
    if (number !== latest) return;
    const base = baseOf(kind);
    if (!asked) {
      if (own(kind)) await (base ? showOnly(base) : backToDrawing());
      return over();
    }
    making = kind;
    ended = changeShown(kind, () => (say(doing), asked), next, { base, still: still === true });
    const done = await ended;
    making = null;
    if (done) made = { result: shownResult(), kind, base, wish: asked };
    if (number === latest) over();
  }

  function over() {
    endTrial();
    if (own(kind)) peekAt({ url: shownResult().preview.url, patch: null });
    moving = false;
    show();
  }

  const controls = [];
  function show() {
    for (const control of controls) control.disabled = state.running && making !== kind;
    if (!moving && making !== kind) refresh();
  }

  function listen(control) {
    controls.push(control);
    control.addEventListener('input', moved);
    control.addEventListener('change', settled);
    control.addEventListener('keydown', () => { byKeys = true; });
    control.addEventListener('pointerdown', () => { byKeys = false; });
    control.addEventListener('pointerenter', ready);
  }

  // A hand is near: faces are looked for before they are wanted.
  function ready({ pointerType }) {
    if (pointerType !== 'mouse' || !backend.previews || !version() || moving) return;
    const base = baseOf(kind), asked = wish() ?? likely;
    if (asked && (base ?? version().uploaded)) prepare(questionOf(base, tried(asked)[0]));
  }

  when('choice', show);
  return { listen, apply };
}
