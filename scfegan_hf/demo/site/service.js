// Keeps the site for use without a network. demo/web.py writes the edition, a hash of all files, and the list of those that
// every visit needs; the networks' files are kept when they are fetched.

const EDITION = '{edition}', SHELL = {shell};
const ours = (name) => name.startsWith('scfegan-');

self.addEventListener('install', (event) => event.waitUntil(caches.open(`scfegan-${EDITION}`).then((cache) => cache.addAll(SHELL))));
// A new edition waits until no page of the old one is open, and then takes its place: files of two never meet.
self.addEventListener('activate', (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (ours(name) && name !== `scfegan-${EDITION}`) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === location.origin) event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(`scfegan-${EDITION}`), kept = await cache.match(request, { ignoreSearch: true });
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) await cache.put(request, fresh.clone());
  return fresh;
}
