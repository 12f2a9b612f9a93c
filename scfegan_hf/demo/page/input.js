// Mouse, pen, fingers and arrow keys on the stage: strokes and shapes, zoom and pan, and the comparison slider.

import { moveDivider } from './divider.js';
import { insidePhoto, paintStep, photoScale, worldBox } from './drawing.js';
import { hideFaceOffer } from './faces.js';
import { maskPart } from './helpers.js';
import { hideLoupe, loupeWanted, showLoupe } from './loupe.js';
import { blank, photo, say, stage } from './page.js';
import { addStep, hand, hide, LAYERS, nextSize, rememberColor, setColor, setSize, state, tell, version, when } from './state.js';
import { brushSize, canvases, contexts, moveView, place, redraw, refreshCursor, showCursor, toWorld, view, zoomAt } from './view.js';

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
    if (!direct) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
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
  return { fingers: true, kind: 'touch', x: (a.clientX + b.clientX) / 2 - box.left, y: (a.clientY + b.clientY) / 2 - box.top, apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) };
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
    hand.gesture = { pointer: event.pointerId, kind: event.pointerType, x: event.clientX, y: event.clientY };
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
    const now = fingerGesture(), factor = now.apart / (hand.gesture.apart || now.apart);
    view.x += now.x - hand.gesture.x;
    view.y += now.y - hand.gesture.y;
    zoomAt(now.x, now.y, factor);
    hand.gesture = now;
  } else if (hand.gesture?.divider && hand.gesture.pointer === event.pointerId) {
    moveDivider(event);
  } else if (hand.gesture?.pointer === event.pointerId) {
    moveView(view.scale, view.x + event.clientX - hand.gesture.x, view.y + event.clientY - hand.gesture.y);
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
  if (hand.gesture?.fingers) hand.gesture = fingers.size > 1 ? fingerGesture() : null;
  else if (hand.gesture?.pointer === event.pointerId) hand.gesture = null;
}

function wheelTurned(event) {
  if (!version()) return;
  event.preventDefault();
  if (event.altKey) return setSize(nextSize(event.deltaY < 0 ? 1 : -1));
  const box = stage.getBoundingClientRect(), unit = event.deltaMode === 1 ? 30 : 1;
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
  const [left, top, wide, high] = worldBox(), step = (fine ? 2 : 14) / view.scale;
  pen.x = Math.min(Math.max(pen.x + dx * step, left), left + wide);
  pen.y = Math.min(Math.max(pen.y + dy * step, top), top + high);
  const box = stage.getBoundingClientRect();
  showCursor({ clientX: box.left + pen.x * view.scale + view.x, clientY: box.top + pen.y * view.scale + view.y });
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
