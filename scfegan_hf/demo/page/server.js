// Questions to the server, one at a time: each is an event of the component, the answer comes back as its value.

let asked = 0, pending = null, turn = Promise.resolve();

function ask(kind, question) {
  const answer = turn.then(() => new Promise((resolve, reject) => {
    pending = { number: ++asked, resolve, reject };
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

// The page's events end with this one, whether they were answered or not.
document.addEventListener('scfegan-ended', () => {
  const ended = pending?.number;
  setTimeout(() => {
    if (!pending || pending.number !== ended) return;
    pending.reject(new Error('The server is busy or out of reach. Your drawing is safe: try again in a moment.'));
    pending = null;
  }, 400);
});

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
