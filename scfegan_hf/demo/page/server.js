// Questions to the server, one at a time: each is an event of the component, the answer comes back as its value.

let asked = 0, begun = 0, pending = null, turn = Promise.resolve();

function ask(kind, question) {
  const answer = turn.then(() => new Promise((resolve, reject) => {
    pending = { number: ++asked, resolve, reject };
    if (!navigator.onLine) return giveUp();
    begun++;
    trigger(kind, { number: asked, ...question });
  }));
  turn = answer.catch(() => {});
  return answer;
}

watch('value', () => {
  const answer = props.value;
  if (!pending || answer?.number !== pending.number) return;
  const { resolve, reject } = pending;
  pending = null;
  if (answer.said) reject(Object.assign(new Error(answer.said), { gone: answer.gone }));
  else resolve(answer);
});

function giveUp() {
  pending?.reject(new Error('The server is busy or out of reach. Your drawing is safe: try again in a moment.'));
  pending = null;
}

// Each event ends with this one, answered or not; the answer may come a little later. It does not say which event has
// ended: if one that was given up is still about, it may be that one, and there is time for the other's answer.
document.addEventListener('scfegan-ended', () => {
  const ended = pending?.number;
  begun = Math.max(0, begun - 1);
  setTimeout(() => { if (pending?.number === ended) giveUp(); }, begun ? 15_000 : 400);
});

// Gradio waits for a lost server without a word, so it is asked now and then whether it is there.
const WATCH_EVERY = 5000; // milliseconds
setInterval(async () => {
  const watched = pending?.number;
  if (!watched) return;
  try {
    await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' });
  } catch {
    if (pending?.number === watched) giveUp();
  }
}, WATCH_EVERY);
window.addEventListener('offline', giveUp);

// Gradio shows the place in the queue in the component's corner; here it is said where the user looks.
const tracker = element.closest('.block') ?? element.parentElement;
let waitingWords = '';
new MutationObserver((changes) => {
  if (!state.running || changes.every(({ target }) => element.contains(target))) return;
  const text = tracker.querySelector('.progress-text')?.textContent ?? '', queued = text.includes('queue') && text.match(/(\d+)\s*\/\s*(\d+)/);
  const now = queued ? `Waiting: place ${queued[1]} of ${queued[2]}. You can go on drawing.` : 'Working…';
  if (now !== waitingWords) say(now);
  waitingWords = now;
}).observe(tracker, { childList: true, subtree: true, characterData: true });
