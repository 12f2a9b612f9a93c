// Mouse, pen, fingers and arrow keys on the stage: strokes and shapes, zoom and pan, and the comparison slider.

let stroke = null; // the step being drawn, with the pointer that draws it
let gesture = null; // two fingers, or a drag that moves the photo
let spaceHeld = false;
const fingers = new Map();

function beginStroke(point, { pointerId: pointer, pointerType: kind, timeStamp: began }) {
  const { tool, paint } = LAYERS[state.layer];
  if (tool === 'eyedropper') return pickColor(point);
  if (tool === 'part') return hideFaceOffer(), void maskPart(point);
  const filled = tool === 'rectangle' || tool === 'lasso';
  const step = { kind: filled ? 'fill' : 'stroke', layer: state.layer, paint, points: [point] };
  if (!filled) Object.assign(step, { size: brushSize(), erase: tool === 'eraser' });
  stroke = { step, tool, pointer, kind, began };
  hideFaceOffer();
  drawStroke(0);
}

function extendStroke(points) {
  const { step, tool } = stroke, before = step.points.length;
  const last = points[points.length - 1], [first] = step.points;
  if (tool === 'line') step.points = [first, last.slice(0, 2)];
  else if (tool === 'rectangle') step.points = [first, [last[0], first[1]], last, [first[0], last[1]]];
  else step.points.push(...points);
  drawStroke(before);
}

// Brush and eraser paint straight onto their layer; shapes are previewed above it until they are whole.
function drawStroke(before) {
  const { step, tool } = stroke, direct = tool === 'brush' || tool === 'eraser';
  const context = direct ? contexts[step.layer] : contexts.preview;
  insidePhoto(context, place(), () => {
    if (!direct) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    paintStep(context, step, place(), direct ? before : 0);
  });
}

function endStroke(kept) {
  if (!stroke) return;
  const { step, tool } = stroke;
  stroke = null;
  contexts.preview.clearRect(0, 0, canvases.preview.width, canvases.preview.height);
  const empty = step.kind === 'fill' && step.points.length < 3;
  if (!kept || empty) return redraw(step.layer);
  if (step.layer === 'color' && tool !== 'eraser') rememberColor(step.paint);
  addStep(step);
  if (!state.running) say('');
}

function pointOf(event) {
  const point = toWorld(event);
  // Pens press; mice and fingers always report a half or nothing.
  if (event.pointerType === 'pen' && event.pressure > 0) point.push(0.3 + 0.9 * event.pressure);
  return point;
}

function fingerGesture() {
  const [a, b] = [...fingers.values()], box = stage.getBoundingClientRect();
  return { fingers: true, kind: 'touch', x: (a.clientX + b.clientX) / 2 - box.left, y: (a.clientY + b.clientY) / 2 - box.top, apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) };
}

// The first pointer of its kind to come down: what an earlier one of that kind left behind will never be ended by it.
function forgetLost({ isPrimary, pointerType }) {
  if (!isPrimary) return;
  if (pointerType === 'touch') fingers.clear();
  if (gesture?.kind === pointerType) gesture = null;
  if (stroke?.kind === pointerType || stroke?.kind === 'keys') endStroke(true);
}

const LONG = 400; // milliseconds: a finger that drew for longer meant to draw

stage.addEventListener('pointerdown', (event) => {
  if (!version() || event.target.closest('button, .divider')) return;
  forgetLost(event);
  stage.focus({ preventScroll: true });
  stage.setPointerCapture(event.pointerId);
  if (event.pointerType === 'touch') fingers.set(event.pointerId, event);
  if (fingers.size > 1) { // the first finger's stroke was the beginning of this
    if (stroke?.kind === 'touch') endStroke(event.timeStamp - stroke.began > LONG);
    gesture = fingerGesture();
  } else if (spaceHeld || event.button === 1) {
    gesture = { pointer: event.pointerId, kind: event.pointerType, x: event.clientX, y: event.clientY };
  } else if (event.button === 0 && !stroke && !gesture) {
    if (state.mode === 'result') gesture = { pointer: event.pointerId, kind: event.pointerType, divider: true }, moveDivider(event);
    else beginStroke(pointOf(event), event);
  }
  if (event.pointerType === 'mouse') event.preventDefault();
});

stage.addEventListener('pointermove', (event) => {
  if (!version()) return;
  showCursor(event);
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
  if (gesture?.fingers && fingers.size > 1) {
    const now = fingerGesture(), factor = now.apart / (gesture.apart || now.apart);
    view.x += now.x - gesture.x;
    view.y += now.y - gesture.y;
    zoomAt(now.x, now.y, factor);
    gesture = now;
  } else if (gesture?.divider && gesture.pointer === event.pointerId) {
    moveDivider(event);
  } else if (gesture?.pointer === event.pointerId) {
    moveView(view.scale, view.x + event.clientX - gesture.x, view.y + event.clientY - gesture.y);
    Object.assign(gesture, { x: event.clientX, y: event.clientY });
  } else if (stroke?.pointer === event.pointerId) {
    const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    extendStroke((moves.length ? moves : [event]).map(pointOf));
  }
});

// A pointer that is taken away (by the system, another window, a gesture) may end with any of these.
for (const kind of ['pointerup', 'pointercancel', 'lostpointercapture']) {
  stage.addEventListener(kind, (event) => {
    fingers.delete(event.pointerId);
    if (stroke?.pointer === event.pointerId) endStroke(kind !== 'pointercancel' || event.timeStamp - stroke.began > LONG);
    if (gesture?.fingers) gesture = fingers.size > 1 ? fingerGesture() : null;
    else if (gesture?.pointer === event.pointerId) gesture = null;
  });
}
// Left to itself, the browser takes a quick stroke for the flick that begins a scroll, and the next tap, wherever it is,
// for the one that stops it: that tap presses no button.
stage.addEventListener('touchstart', (event) => { if (!event.target.closest('button')) event.preventDefault(); }, { passive: false });
// The menu of a long touch would take the finger away.
stage.addEventListener('contextmenu', (event) => { if (event.pointerType !== 'mouse') event.preventDefault(); });

stage.addEventListener('wheel', (event) => {
  if (!version()) return;
  event.preventDefault();
  const box = stage.getBoundingClientRect(), unit = event.deltaMode === 1 ? 30 : 1;
  // A pinch on a touchpad arrives as a wheel with Ctrl and small steps.
  zoomAt(event.clientX - box.left, event.clientY - box.top, Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0015)));
}, { passive: false });

// Drawing by keyboard: arrows move a point, Enter puts the brush down and lifts it.
const hand = { x: 0, y: 0, shown: false };
function moveHand(dx, dy, fine) {
  const [left, top, wide, high] = worldBox(), step = (fine ? 2 : 14) / view.scale;
  hand.x = Math.min(Math.max(hand.x + dx * step, left), left + wide);
  hand.y = Math.min(Math.max(hand.y + dy * step, top), top + high);
  const box = stage.getBoundingClientRect();
  showCursor({ clientX: box.left + hand.x * view.scale + view.x, clientY: box.top + hand.y * view.scale + view.y });
  stage.classList.add('by-keys');
  if (stroke?.pointer === 'keys') extendStroke([[hand.x, hand.y]]);
}
function pressHand() {
  if (stroke?.pointer === 'keys') endStroke(true), say('Brush up.');
  else if (beginStroke([hand.x, hand.y], { pointerId: 'keys', pointerType: 'keys' }), stroke) say('Brush down. Arrow keys draw, Enter lifts it.');
  moveHand(0, 0);
}
stage.addEventListener('pointerenter', () => stage.classList.remove('by-keys'));
stage.addEventListener('blur', () => { if (stroke?.pointer === 'keys') endStroke(true); });
