// Runs once when the editor appears; gr.HTML gives `element`, `props`, `trigger`, `upload` and `watch`.
// A drawing is a list of steps (strokes, clearings, pictures from the server) in shares of the photo's sides. Undo
// replays the list without its last step, and another photo replays it at another size, so that no stroke is lost.
const find = (selector) => element.querySelector(selector);
const findAll = (selector) => [...element.querySelectorAll(selector)];
const editor = find('.editor'), paper = find('.paper'), photo = find('.photo'), cursor = find('.cursor');
const fileInput = find('input[type=file]'), sizeInput = find('input[type=range]'), colorInput = find('input[type=color]');

// Brush sizes are pixels of a drawing whose longer side is 512.
const LAYERS = {
  mask: { size: 24, paint: '#ffc4dc', hint: 'Paint over the part that should change.' },
  sketch: { size: 2, paint: '#15171c', hint: 'Draw new lines on the painted part.' },
  color: { size: 8, paint: null, hint: 'Dab the colours you want on the painted part.' },
};
for (const [name, layer] of Object.entries(LAYERS)) {
  layer.canvas = find('canvas.' + name);
  layer.context = layer.canvas.getContext('2d', { willReadFrequently: true });
  layer.url = null; // what the server would get: a PNG, or null while nothing is drawn
}
let active = 'mask', tool = 'brush', stroke = null, steps = [], undone = [], uploaded = null, photoNumber = 0;

// Steps onto canvases

function drawStep(step, from = 0) {
  const { canvas, context } = LAYERS[step.layer];
  const { width, height } = canvas;
  if (step.kind === 'clear' || step.kind === 'picture') context.clearRect(0, 0, width, height);
  if (step.kind === 'picture') context.drawImage(step.picture, 0, 0, width, height);
  if (step.kind !== 'stroke') return;
  context.globalCompositeOperation = step.erase ? 'destination-out' : 'source-over';
  context.strokeStyle = step.paint;
  context.lineWidth = Math.max(1.5, step.size * Math.max(width, height) / 512);
  context.lineCap = context.lineJoin = 'round';
  context.beginPath();
  step.points.slice(Math.max(0, from - 1)).forEach(([x, y], index) => {
    if (index === 0) context.moveTo(x * width, y * height);
    context.lineTo(x * width + 0.01, y * height); // a line of no length, a tap, would not be drawn
  });
  context.stroke();
}

function redraw(name) {
  const { canvas, context } = LAYERS[name];
  context.globalCompositeOperation = 'source-over';
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const step of steps) if (step.layer === name) drawStep(step);
  exportLayer(name);
}

function exportLayer(name) {
  const { canvas, context } = LAYERS[name];
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  let drawn = false;
  for (let i = 3; i < image.data.length; i += 4) {
    image.data[i] = image.data[i] >= 128 ? 255 : 0; // a pixel is drawn or it is not
    drawn = drawn || image.data[i] > 0;
  }
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  copy.getContext('2d').putImageData(image, 0, 0);
  LAYERS[name].url = drawn ? copy.toDataURL('image/png') : null;
}

function publish() {
  props.value = { photo: uploaded, mask: LAYERS.mask.url, sketch: LAYERS.sketch.url, color: LAYERS.color.url };
  find('[data-do=undo]').disabled = !steps.length;
  find('[data-do=redo]').disabled = !undone.length;
}

function addStep(step) {
  steps.push(step);
  undone = [];
  redraw(step.layer);
  publish();
}

function moveStep(source, target) {
  const step = source.pop();
  if (!step) return;
  target.push(step);
  redraw(step.layer);
  publish();
}

// The pointer

function place(event) {
  const box = paper.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

function showCursor(event) {
  const [x, y] = place(event);
  const { width, height } = LAYERS.mask.canvas;
  const diameter = Math.max(4, LAYERS[active].size * Math.max(width, height) / 512 * paper.clientWidth / width);
  cursor.style.cssText = `left:${x * 100}%;top:${y * 100}%;width:${diameter}px;height:${diameter}px`;
}

paper.addEventListener('pointerdown', (event) => {
  if (stroke || event.button !== 0) return;
  paper.setPointerCapture(event.pointerId);
  const { size, paint } = LAYERS[active];
  stroke = {
    kind: 'stroke', layer: active, size, erase: tool === 'eraser', paint: paint || colorInput.value, points: [place(event)],
    pointer: event.pointerId,
  };
  drawStep(stroke);
});
paper.addEventListener('pointermove', (event) => {
  showCursor(event);
  if (!stroke || stroke.pointer !== event.pointerId) return;
  const before = stroke.points.length;
  const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const move of moves.length ? moves : [event]) stroke.points.push(place(move));
  drawStep(stroke, before);
});
paper.addEventListener('pointerup', (event) => {
  if (!stroke || stroke.pointer !== event.pointerId) return;
  const step = stroke;
  stroke = null;
  addStep(step);
});
paper.addEventListener('pointercancel', () => { // two fingers zoom the page: the first one's stroke was not meant
  if (!stroke) return;
  const { layer } = stroke;
  stroke = null;
  redraw(layer);
});

// The photo

async function takePhoto(file) {
  if (!file) return;
  if (file.size > props.max_upload_bytes) return say(`This file is over ${props.max_upload_bytes >> 20} MB. Choose a smaller one.`, true);
  const number = ++photoNumber, address = URL.createObjectURL(file), picture = new Image();
  picture.src = address;
  try {
    await picture.decode();
  } catch {
    URL.revokeObjectURL(address);
    return say('This file is not a picture that your browser can show. Choose a PNG or JPEG file.', true);
  }
  if (number !== photoNumber) return;
  if (photo.src) URL.revokeObjectURL(photo.src);
  photo.src = address;
  const scale = Math.min(1, props.canvas_side / Math.max(picture.naturalWidth, picture.naturalHeight));
  const width = Math.max(1, Math.round(picture.naturalWidth * scale)), height = Math.max(1, Math.round(picture.naturalHeight * scale));
  paper.style.setProperty('--aspect', width / height);
  uploaded = null;
  for (const name in LAYERS) {
    Object.assign(LAYERS[name].canvas, { width, height });
    redraw(name);
  }
  editor.dataset.state = 'ready';
  publish();
  say('Loading the photo…');
  try {
    const { path } = await upload(file);
    if (number !== photoNumber) return;
    uploaded = { path, orig_name: file.name, meta: { _type: 'gradio.FileData' } };
    publish();
    say(`${file.name}, ${picture.naturalWidth} × ${picture.naturalHeight}`);
  } catch {
    if (number === photoNumber) say('The photo could not be sent to the server. Choose it again.', true);
  }
}

function say(text, wrong = false) {
  find('.status').textContent = text;
  find('.status').classList.toggle('wrong', wrong);
}

fileInput.addEventListener('change', () => { takePhoto(fileInput.files[0]); fileInput.value = ''; });
element.addEventListener('dragover', (event) => { event.preventDefault(); editor.classList.add('over'); });
element.addEventListener('dragleave', () => editor.classList.remove('over'));
element.addEventListener('drop', (event) => {
  event.preventDefault();
  editor.classList.remove('over');
  takePhoto(event.dataTransfer.files[0]);
});
document.addEventListener('paste', (event) => {
  const file = element.isConnected && [...event.clipboardData.files].find(({ type }) => type.startsWith('image/'));
  if (file) takePhoto(file);
});

// Buttons and keys

function choose(layer, newTool) {
  [active, tool] = [layer, newTool];
  editor.dataset.active = layer;
  for (const button of findAll('[data-layer]')) button.setAttribute('aria-pressed', button.dataset.layer === layer);
  for (const button of findAll('[data-tool]')) button.setAttribute('aria-pressed', button.dataset.tool === newTool);
  sizeInput.value = LAYERS[layer].size;
  find('.size output').textContent = LAYERS[layer].size;
  find('.hint').textContent = LAYERS[layer].hint;
}

for (const button of findAll('[data-layer]')) button.addEventListener('click', () => choose(button.dataset.layer, 'brush'));
for (const button of findAll('[data-tool]')) button.addEventListener('click', () => choose(active, button.dataset.tool));
sizeInput.addEventListener('input', () => { LAYERS[active].size = Number(sizeInput.value); choose(active, tool); });
colorInput.addEventListener('input', () => choose('color', 'brush'));
find('[data-do=undo]').addEventListener('click', () => moveStep(steps, undone));
find('[data-do=redo]').addEventListener('click', () => moveStep(undone, steps));
find('[data-do=clear]').addEventListener('click', () => { if (LAYERS[active].url) addStep({ kind: 'clear', layer: active }); });
find('[data-do=trace]').addEventListener('click', () => trigger('trace'));
find('[data-do=choose]').addEventListener('click', () => fileInput.click());
element.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return;
  event.preventDefault();
  if (event.shiftKey) moveStep(undone, steps); else moveStep(steps, undone);
});

// Layers from the server

watch('value', async () => {
  for (const [layer, url] of Object.entries(props.value || {})) {
    if (!(layer in LAYERS) || !url || url === LAYERS[layer].url) continue;
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    addStep({ kind: 'picture', layer, picture });
  }
  publish();
});

choose('mask', 'brush');
publish();
