// Edits: run, compare, choose, go on from one, come back to an earlier one.

let results = [], chosen = 0, seed = 0;
const divider = find('.divider');

const LONGEST_STROKE = 10_000; // milliseconds that a result waits for a stroke to end

async function runEdit(candidates = 1) {
  if (state.running) return;
  endStroke(true);
  if (state.mode === 'result') seed += candidates > 1 ? 0 : 1; // the same drawing again: ask for another answer
  if (!hasInk('mask')) {
    if (!hasInk('sketch') && !hasInk('color')) return chooseLayer('mask'), say('Paint over the part that should change first.', true);
    maskDrawing(); // who only drew means: change what is around my drawing
  }
  running(true);
  const own = version();
  try {
    say(own.uploaded ? 'Working…' : 'Loading the photo…');
    const answer = await editOnce(candidates).catch((error) => {
      if (!error.gone) throw error;
      Object.assign(own, { uploaded: null, uploading: null }); // the server forgets photos after an hour
      return editOnce(candidates);
    });
    const latest = performance.now() + LONGEST_STROKE;
    while (stroke && performance.now() < latest) await new Promise((resolve) => setTimeout(resolve, 50)); // nobody's stroke is cut off
    endStroke(true);
    if (own !== version()) return say('That edit was of another version. Press Edit to edit this one.');
    results = answer.images;
    await showResult(0);
    showCandidates();
    setMode('result');
    reveal();
    say(results.length > 1 ? 'Choose one, or go back and change your drawing.' : 'Drag over the photo to compare.');
  } catch (error) {
    say(error.message, true);
  } finally {
    running(false);
  }
}

async function editOnce(candidates) {
  await uploaded();
  return ask('edit', { drawing: drawingForServer(), seed, candidates });
}

function running(on) {
  state.running = on;
  editor.classList.toggle('running', on);
  for (const name of ['more', 'continue']) find(`[data-do=${name}]`).disabled = on;
  refreshPanel();
}

async function showResult(index) {
  chosen = index;
  await loaded(result, results[index].preview.url).catch(() => {
    throw new Error('The result could not be fetched. Your drawing is safe: press Edit again.');
  });
  find('[data-do=download]').href = results[index].file.url;
  findAll('.candidates button').forEach((button, number) => press(button, number === index));
}

function showCandidates() {
  find('.candidates').replaceChildren(...results.map(({ preview }, index) => {
    const button = document.createElement('button'), image = document.createElement('img');
    button.type = 'button';
    button.setAttribute('aria-label', `Result ${index + 1} of ${results.length}`);
    press(button, index === chosen);
    const frame = touchedPixels('mask');
    Object.assign(image, { src: preview.url, alt: '' });
    cropTo(image, frame);
    button.append(image);
    button.onclick = () => showResult(index).catch((error) => say(error.message, true));
    return button;
  }));
  find('.candidates').hidden = results.length < 2;
}

function backToDrawing() {
  if (state.mode !== 'result') return;
  setMode('draw');
  say('');
}

// Thumbnails show the part that changed.
function cropTo(image, [x, y, wide, high]) {
  const { width, height } = version(), side = Math.min(Math.max(wide, high) * 1.6, Math.max(width, height));
  const left = x + wide / 2 - side / 2, top = y + high / 2 - side / 2;
  image.style.cssText = `width:${(width / side) * 100}%;height:${(height / side) * 100}%;left:${(-left / side) * 100}%;top:${(-top / side) * 100}%`;
}

// The comparison: left of the divider is the photo before.

let share = 0;
function setDivider(value) {
  share = Math.min(Math.max(value, 0), 1);
  stage.style.setProperty('--share', share);
  divider.setAttribute('aria-valuenow', Math.round(share * 100));
  placeDivider();
}

function placeDivider() {
  if (state.mode !== 'result') return;
  const at = share * stage.clientWidth, box = [parseFloat(result.style.left), parseFloat(result.style.width)];
  divider.style.left = `${at}px`;
  result.style.clipPath = `inset(0 0 0 ${Math.min(Math.max(at - box[0], 0), box[1])}px)`;
}

const moveDivider = (event) => setDivider((event.clientX - stage.getBoundingClientRect().left) / stage.clientWidth);
const nudgeDivider = (direction) => setDivider(share + direction * 0.05);

function reveal() {
  const from = performance.now(), still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const left = Math.max(24, parseFloat(result.style.left) + 0.06 * parseFloat(result.style.width)) / stage.clientWidth;
  const frame = (now) => {
    const part = still ? 1 : Math.min((now - from) / 700, 1), eased = 1 - (1 - part) ** 3;
    setDivider(1 - (1 - left) * eased);
    if (part < 1 && state.mode === 'result' && !gesture) requestAnimationFrame(frame);
  };
  frame(from);
}

divider.addEventListener('pointerdown', (event) => {
  divider.setPointerCapture(event.pointerId);
  gesture = { pointer: event.pointerId, kind: event.pointerType, divider: true };
  event.preventDefault();
});
divider.addEventListener('keydown', (event) => {
  const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
  if (event.key === 'Home' || event.key === 'End') setDivider(event.key === 'Home' ? 0 : 1);
  else if (event.key in moves) nudgeDivider(moves[event.key]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

// Versions: each result that was gone on from, each with the drawing made on it.

async function continueFromResult() {
  const { file } = results[chosen], before = version();
  running(true);
  try {
    const answer = await fetch(file.url);
    if (!answer.ok) throw new Error();
    const read = await measured(await answer.blob());
    const { scale, x, y } = view;
    addVersion(read, before.name, [], { uploaded: { path: file.path }, frame: before.frame, faces: before.faces, sample: before.sample });
    moveView(scale, x, y);
    say('Your result is the photo now. Draw on it, or go back to a version below.');
  } catch {
    say('The result is no longer on the server. Press Edit again.', true);
  } finally {
    running(false);
  }
}

function showHistory() {
  find('.history').hidden = state.versions.length < 2;
  const own = ownVersions().length;
  find('.history .strip').replaceChildren(...state.versions.map(({ thumbnail }, index) => {
    const button = document.createElement('button'), image = document.createElement('img'), word = document.createElement('span');
    button.type = 'button';
    press(button, index === state.current);
    image.src = thumbnail;
    image.alt = '';
    const edits = index < own ? index : index - own;
    word.textContent = edits ? `Edit ${edits}` : index < own ? 'Photo' : 'Example';
    button.append(image, word);
    button.onclick = () => showVersion(index);
    return button;
  }));
}
