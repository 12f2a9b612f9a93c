// A component's surface without a browser: an element whose parts remember what is set on them, events that are noted.

import { attach } from '../../../scfegan_hf/demo/page/page.js';

// A part of the page: one for each selector.
function part() {
  const classes = new Set(), listeners = {};
  return {
    dataset: {}, style: {}, textContent: '', clientWidth: 800, clientHeight: 400, listeners,
    classList: {
      add: (name) => void classes.add(name), remove: (name) => void classes.delete(name), contains: (name) => classes.has(name),
      toggle: (name, on = !classes.has(name)) => void (on ? classes.add(name) : classes.delete(name)),
    },
    getBoundingClientRect: () => ({ left: 10, top: 20, width: 800, height: 400 }),
    addEventListener: (kind, act) => void (listeners[kind] = act),
    getContext: () => picture(),
    querySelector: () => part(),
  };
}

// A canvas context that notes what is called on it.
export function picture(width = 800, height = 400) {
  const calls = [], context = { canvas: { width, height }, calls };
  for (const name of ['clearRect', 'beginPath', 'rect', 'clip', 'save', 'restore', 'moveTo', 'lineTo', 'stroke', 'fill', 'drawImage', 'fillRect', 'setTransform', 'translate', 'transform']) {
    context[name] = (...values) => void calls.push([name, ...values]);
  }
  return context;
}

export function surface(props = {}) {
  const parts = {}, sent = [], watchers = [];
  const element = { querySelector: (selector) => (parts[selector] ??= part()), querySelectorAll: () => [] };
  const own = {
    element, props: { canvas_side: 1024, ...props }, sent, parts,
    gradio: {
      trigger: (kind, question) => void sent.push({ kind, ...question }),
      upload: (file) => (file.name === 'never' ? new Promise(() => {}) : Promise.resolve({ path: `stored/${file.name}` })),
      watch: (name, tell) => void watchers.push(tell),
    },
    answer(value) {
      own.props.value = value;
      watchers.forEach((tell) => tell());
    },
    status: () => parts['.status']?.textContent,
  };
  attach(own);
  return own;
}

export const photo = (width, height) => ({ width, height, steps: [], undone: [], frame: null, faces: [] });
