// The page as it begins.

refreshPanel();
showHistory();
showSamples();
restore().catch((error) => {
  if (error instanceof DOMException || error instanceof TypeError) say('The last drawing could not be brought back.', true);
  else say(error.message, true);
});
