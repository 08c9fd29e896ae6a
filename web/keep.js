/**
 * The service worker: it keeps this folder's files, so the page works without a network. It asks
 * for nothing but these, and what a page is given never comes here.
 *
 * The build puts the names of the files, and a version made of all they hold, in front.
 */

const CACHE = `proto2net-${VERSION}`;

addEventListener("install", (event) => {
  const requests = FILES.map((name) => new Request(name, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("proto2net-") && name !== CACHE;
  const removed = caches
    .keys()
    .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(removed.then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const answer = caches
    .open(CACHE)
    .then((cache) => cache.match(event.request, { ignoreSearch: true }))
    .then((kept) => kept ?? fetch(event.request));
  event.respondWith(answer);
});
