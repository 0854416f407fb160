// Keeps the page's own files, so that it opens without a network. FILES and VERSION come from the
// service, which puts them before this text: with any file that changes, a new version is kept.
const BASE = new URL("..", location).pathname;
// Another path of the host may have caches of its own.
const PREFIX = `${BASE}taskapp-page-`;
const CACHE = PREFIX + VERSION;
const SETTINGS = `${BASE}client/settings.json`;
const PATHS = FILES.map((file) => BASE + file);

self.addEventListener("install", (event) => {
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname === SETTINGS) event.respondWith(fresh(event.request));
  else if (PATHS.includes(url.pathname)) event.respondWith(kept(event.request, url.pathname));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...PATHS, SETTINGS].map((path) => new Request(path, { cache: "reload" })));
  await self.skipWaiting();
}

async function takeOver() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(request, path) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

async function fresh(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(SETTINGS, answer.clone());
    return answer;
  } catch {
    return (await cache.match(SETTINGS)) ?? Response.error();
  }
}
