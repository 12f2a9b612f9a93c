// The page as it begins.

refreshPanel();
showHistory();
showSamples();
restore().catch((error) => {
  if (error instanceof DOMException || error instanceof TypeError) say('The last drawing could not be brought back.', true);
  else say(error.message, true);
});

// For whoever looks for a fault (and for the tests): what the page is doing, as plain values.
editor.report = () => ({
  status: find('.status').textContent, mode: state.mode, running: state.running, layer: state.layer, photos: state.versions.length,
  uploaded: !!version()?.uploaded, uploading: !!version()?.uploading, ink: version() ? NAMES.filter(hasInk) : [], steps: steps().length,
  stroke: stroke && { pointer: stroke.pointer, tool: stroke.tool }, gesture, fingers: [...fingers.keys()],
  asked, begun, pending: pending && { number: pending.number, kind: pending.kind }, uploads: waiting.size, online: navigator.onLine, tab, focus: document.activeElement?.className,
});
