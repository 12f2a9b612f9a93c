// The static site: the same page as the app's, with a worker as its backend.

import { inWorker } from './backend.js';
import { start } from './page/start.js';

// What the service worker keeps is there without a network; where there is none (no https), the page does without.
async function keptForLater() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(new URL('./service.js', import.meta.url));
  if (navigator.serviceWorker.controller) return;
  await new Promise((resolve) => { // the first time it takes over a moment later; what is fetched then is kept
    navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    setTimeout(resolve, 3000);
  });
}

const [settings, props] = await Promise.all(['settings.json', 'props.json'].map(async (name) => (await fetch(new URL(name, import.meta.url))).json()));
await keptForLater().catch((error) => console.warn('This page is not kept for use without a network.', error));
start({ element: document.getElementById('editor'), props, backend: inWorker(settings) });
