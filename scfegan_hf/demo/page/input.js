// Mouse, pen, fingers and arrow keys on the stage: strokes and shapes, zoom and pan, and the comparison slider.

import { DEGREE, wrapped } from './bearing.js';
import { moveDivider } from './divider.js';
import { insidePhoto, paintStep, photoScale, wipe, worldBox } from './drawing.js';
import { hideFaceOffer } from './faces.js';
import { maskPart } from './helpers.js';
import { hideLoupe, loupeWanted, showLoupe } from './loupe.js';
import { blank, photo, say, stage } from './page.js';
import { addStep, hand, hide, LAYERS, nextSize, rememberColor, setColor, setSize, state, tell, version, when } from './state.js';
import { brushSize, canvases, contexts, moveView, onStage, place, redraw, refreshCursor, settleView, showCursor, toWorld, turnAt, view, zoomAt } from './view.js';

let spaceHeld = false;
const LONG = 400; // milliseconds: a finger that drew for longer meant to draw
export const fingers = new Map();

const PEN_ERASER = 5, RIGHT = 2; // which buttons of pointers erase, whatever the tool
const erases = ({ button }) => button === PEN_ERASER || button === RIGHT;

export function beginStroke(point, event) {
  const { pointerId: pointer, pointerType: kind, timeStamp: began } = event, { paint, hidden } = LAYERS[state.layer];
  const tool = erases(event) ? 'eraser' : LAYERS[state.layer].tool;
  if (tool === 'hand') return;
  if (hidden) hide(state.layer, false), say('This layer was hidden; it is shown again.');
  if (tool === 'eyedropper') return pickColor(point);
  if (tool === 'part') return hideFaceOffer(), void maskPart(point);
  const filled = tool === 'rectangle' || tool === 'lasso';
  const step = { kind: filled ? 'fill' : 'stroke', layer: state.layer, paint, points: [point] };
  const { last } = hand, straight = event.shiftKey && !filled && last?.layer === state.layer && last.version === version();
  if (straight) step.points = [last.point, point.slice(0, 2)];
  if (!filled) Object.assign(step, { size: brushSize(), erase: tool === 'eraser' });
  hand.stroke = { step, tool, pointer, kind, began };
  hideFaceOffer();
  drawStroke(0);
}

function extendStroke(points) {
  const { step, tool } = hand.stroke, before = step.points.length;
  const last = points[points.length - 1], [first] = step.points;
  if (tool === 'line') step.points = [first, last.slice(0, 2)];
  else if (tool === 'rectangle') step.points = [first, [last[0], first[1]], last, [first[0], last[1]]];
  else step.points.push(...points);
  drawStroke(before);
}

// Brush and eraser paint straight onto their layer; shapes are previewed above it until they are whole.
function drawStroke(before) {
  const { step, tool } = hand.stroke, direct = tool === 'brush' || tool === 'eraser';
  const context = direct ? contexts[step.layer] : contexts.preview;
  insidePhoto(context, place(), () => {
    if (!direct) wipe(context);
    paintStep(context, step, place(), direct ? before : 0);
  });
}

export function endStroke(kept) {
  if (!hand.stroke) return;
  const { step, tool } = hand.stroke;
  hand.stroke = null;
  contexts.preview.clearRect(0, 0, canvases.preview.width, canvases.preview.height);
  const empty = step.kind === 'fill' && step.points.length < 3;
  if (!kept || empty) return redraw(step.layer);
  if (step.layer === 'color' && tool !== 'eraser') rememberColor(step.paint);
  hand.last = { version: version(), layer: step.layer, point: step.points.at(-1).slice(0, 2) };
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
  return { fingers: true, kind: 'touch', x: (a.clientX + b.clientX) / 2 - box.left, y: (a.clientY + b.clientY) / 2 - box.top, apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
    angle: Math.atan2(b.clientY - a.clientY, b.clientX - a.clientX) };
}

// Two fingers move and zoom, and turn once they have twisted so far that it is meant.
const TWIST = 12 * DEGREE;
function moveFingers(before) {
  const now = fingerGesture(), twist = wrapped(now.angle - before.angle), twisted = (before.twisted ?? 0) + twist;
  const turning = before.turning || Math.abs(twisted) > TWIST;
  view.x += now.x - before.x;
  view.y += now.y - before.y;
  zoomAt(now.x, now.y, now.apart / (before.apart || now.apart));
  if (turning) turnAt(now.x, now.y, twist);
  hand.gesture = { ...now, twisted, turning };
}

// A drag with Shift turns the view around the stage's middle.
function dragTurn({ clientX, clientY }, { x, y }) {
  const box = stage.getBoundingClientRect(), [middle, level] = [box.left + box.width / 2, box.top + box.height / 2];
  turnAt(box.width / 2, box.height / 2, Math.atan2(clientY - level, clientX - middle) - Math.atan2(y - level, x - middle));
}

// The first pointer of its kind to come down: what an earlier one of that kind left behind will never be ended by it.
function forgetLost({ isPrimary, pointerType }) {
  if (!isPrimary) return;
  if (pointerType === 'touch') fingers.clear();
  if (hand.gesture?.kind === pointerType) hand.gesture = null;
  if (hand.stroke?.kind === pointerType || hand.stroke?.kind === 'keys') endStroke(true);
}

function pointerDown(event) {
  if (!version() || event.target.closest('button, .divider')) return;
  forgetLost(event);
  stage.focus({ preventScroll: true });
  stage.setPointerCapture(event.pointerId);
  if (event.pointerType === 'touch') fingers.set(event.pointerId, event);
  if (fingers.size > 1) { // the first finger's stroke was the beginning of this
    hideLoupe();
    if (hand.stroke?.kind === 'touch') endStroke(event.timeStamp - hand.stroke.began > LONG);
    hand.gesture = fingerGesture();
  } else if (spaceHeld || event.button === 1 || (event.button === 0 && state.mode === 'draw' && LAYERS[state.layer].tool === 'hand')) {
    hand.gesture = { pointer: event.pointerId, kind: event.pointerType, x: event.clientX, y: event.clientY, turns: event.shiftKey };
  } else if ((event.button === 0 || erases(event)) && !hand.stroke && !hand.gesture) {
    if (state.mode === 'result') hand.gesture = { pointer: event.pointerId, kind: event.pointerType, divider: true }, moveDivider(event);
    else beginStroke(pointOf(event), event);
  }
  if (event.pointerType === 'mouse') event.preventDefault();
}

function pointerMoved(event) {
  if (!version()) return;
  showCursor(event);
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
  if (hand.gesture?.fingers && fingers.size > 1) {
    moveFingers(hand.gesture);
  } else if (hand.gesture?.divider && hand.gesture.pointer === event.pointerId) {
    moveDivider(event);
  } else if (hand.gesture?.pointer === event.pointerId) {
    if (hand.gesture.turns) dragTurn(event, hand.gesture);
    else moveView(view.scale, view.x + event.clientX - hand.gesture.x, view.y + event.clientY - hand.gesture.y);
    Object.assign(hand.gesture, { x: event.clientX, y: event.clientY });
  } else if (hand.stroke?.pointer === event.pointerId) {
    const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    extendStroke((moves.length ? moves : [event]).map(pointOf));
    if (loupeWanted(event)) showLoupe(event);
  }
}

function pointerGone(event) {
  hideLoupe();
  fingers.delete(event.pointerId);
  if (hand.stroke?.pointer === event.pointerId) endStroke(event.type !== 'pointercancel' || event.timeStamp - hand.stroke.began > LONG);
  if (hand.gesture?.fingers && hand.gesture.turning) settleView();
  if (hand.gesture?.fingers) hand.gesture = fingers.size > 1 ? fingerGesture() : null;
  else if (hand.gesture?.pointer === event.pointerId) hand.gesture = null;
}

// A wheel that moves nothing here, a photo that is seen whole, moves the page.
function wheelTurned(event) {
  if (!version()) return;
  const { ctrlKey, altKey, shiftKey, deltaY } = event, own = ctrlKey || altKey || shiftKey, scrolled = document.scrollingElement.scrollTop > 0;
  if (!own && view.scale <= view.fit && (deltaY > 0 || (deltaY < 0 && scrolled))) return;
  event.preventDefault();
  if (event.altKey) return setSize(nextSize(event.deltaY < 0 ? 1 : -1));
  const box = stage.getBoundingClientRect(), unit = event.deltaMode === 1 ? 30 : 1;
  if (event.shiftKey) { // browsers make a wheel with Shift one that moves sideways
    const notches = ((event.deltaY || event.deltaX) * unit) / 120;
    return turnAt(event.clientX - box.left, event.clientY - box.top, Math.min(Math.max(notches, -1), 1) * 5 * DEGREE);
  }
  // The steps of a mouse's wheel are multiples of 120; two fingers on a touchpad move it by any number, and both ways.
  const fingersOnPad = event.deltaMode === 0 && !event.ctrlKey && (event.deltaX !== 0 || (event.wheelDeltaY ?? 0) % 120 !== 0);
  if (fingersOnPad) return moveView(view.scale, view.x - event.deltaX, view.y - event.deltaY);
  // A pinch on a touchpad arrives as a wheel with Ctrl and small steps.
  zoomAt(event.clientX - box.left, event.clientY - box.top, Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0015)));
}

// The photo's own colour at a point, as it is on the screen.
function pickColor([x, y]) {
  const context = blank(1, 1).getContext('2d'), { width, height } = version();
  context.drawImage(photo, Math.floor(x * photoScale() + width / 2), Math.floor(y * photoScale() + height / 2), 1, 1, 0, 0, 1, 1);
  const [red, green, blue, seen] = context.getImageData(0, 0, 1, 1).data;
  if (!seen) return;
  setColor('#' + [red, green, blue].map((value) => value.toString(16).padStart(2, '0')).join(''));
  rememberColor(LAYERS.color.paint);
  tell('choice');
}

// Drawing by keyboard: arrows move a point, Enter puts the brush down and lifts it.
const pen = { x: 0, y: 0 }; // where the keys have brought it, in world units
export function movePen(dx, dy, fine) {
  const [left, top, wide, high] = worldBox(), far = fine ? 2 : 14, box = stage.getBoundingClientRect(), [right, down] = onStage([pen.x, pen.y]);
  const [x, y] = toWorld({ clientX: box.left + right + dx * far, clientY: box.top + down + dy * far }); // as it is seen
  Object.assign(pen, { x: Math.min(Math.max(x, left), left + wide), y: Math.min(Math.max(y, top), top + high) });
  const [shownX, shownY] = onStage([pen.x, pen.y]);
  showCursor({ clientX: box.left + shownX, clientY: box.top + shownY });
  stage.classList.add('by-keys');
  if (hand.stroke?.pointer === 'keys') extendStroke([[pen.x, pen.y]]);
}
export function pressPen() {
  if (hand.stroke?.pointer === 'keys') endStroke(true), say('Brush up.');
  else if (beginStroke([pen.x, pen.y], { pointerId: 'keys', pointerType: 'keys' }), hand.stroke) say('Brush down. Arrow keys draw, Enter lifts it.');
  movePen(0, 0);
}

// While Space is held, a drag moves the photo.
export function holdSpace(held) {
  spaceHeld = held;
  stage.classList.toggle('grab', held);
}

export function startInput() {
  stage.addEventListener('pointerdown', pointerDown);
  stage.addEventListener('pointermove', pointerMoved);
  // A pointer that is taken away (by the system, another window, a gesture) may end with any of these.
  for (const kind of ['pointerup', 'pointercancel', 'lostpointercapture']) stage.addEventListener(kind, pointerGone);
  // Left to itself, the browser takes a quick stroke for the flick that begins a scroll, and the next tap, wherever it is,
  // for the one that stops it: that tap presses no button.
  stage.addEventListener('touchstart', (event) => { if (!event.target.closest('button')) event.preventDefault(); }, { passive: false });
  // The menu of a long touch would take the finger away.
  stage.addEventListener('contextmenu', (event) => { if (event.pointerType !== 'mouse' || (version() && state.mode === 'draw')) event.preventDefault(); });
  when('choice', refreshCursor);
  when('view', refreshCursor);
  stage.addEventListener('wheel', wheelTurned, { passive: false });
  stage.addEventListener('pointerenter', () => stage.classList.remove('by-keys'));
  stage.addEventListener('blur', () => { if (hand.stroke?.pointer === 'keys') endStroke(true); });
}
