// The page as it begins: whoever serves it calls `start` with {element, props, backend}, as page.js says.

import { startChange } from './change.js';
import { startDivider } from './divider.js';
import { startFaces } from './faces.js';
import { startHelpers } from './helpers.js';
import { startHint } from './hint.js';
import { fingers, startInput } from './input.js';
import { restore, startKeeping } from './keep.js';
import { startMakeup } from './makeup.js';
import { attach, backend, editor, find, say } from './page.js';
import { startPeek } from './peek.js';
import { refreshPanel, startPanel, tabHeld } from './panel.js';
import { startPhotos } from './photo.js';
import { showSamples } from './samples.js';
import { startLoupe } from './loupe.js';
import { hand, hasInk, NAMES, state, steps, version } from './state.js';
import { startStyle } from './style.js';
import { startTrial } from './trial.js';
import { showHistory } from './versions.js';
import { startView } from './view.js';
import { startWords } from './words.js';

export function start(surface) {
  attach(surface);
  for (const begin of [startView, startFaces, startHelpers, startDivider, startInput, startLoupe, startPhotos, startPanel, startTrial, startPeek, startChange, startMakeup, startStyle, startKeeping, startHint, startWords]) begin();
  refreshPanel();
  showHistory();
  showSamples();
  find('.privacy').textContent = backend.words.privacy;
  editor.report = report;
  editor.dataset.begun = '';
  restore().catch((error) => {
    if (error instanceof DOMException || error instanceof TypeError) say('The last drawing could not be brought back.', true);
    else say(error.message, true);
  });
}

// For whoever looks for a fault (and for the tests): what the page is doing, as plain values.
const report = () => ({
  status: find('.status').textContent, mode: state.mode, running: state.running, layer: state.layer, photos: state.versions.length,
  uploaded: !!version()?.uploaded, uploading: !!version()?.uploading, ink: version() ? NAMES.filter(hasInk) : [], steps: steps().length,
  stroke: hand.stroke && { pointer: hand.stroke.pointer, tool: hand.stroke.tool }, gesture: hand.gesture, fingers: [...fingers.keys()],
  ...backend.questions(), online: navigator.onLine, tab: tabHeld(), focus: document.activeElement?.className,
});
