// The service worker: keeps the page's files, so that it opens without its server. The lines before this one name them.
// Files that change are asked for again where the server answers; what only the server does is left to it.
const PREFIX = "mattebox-page-", RUNTIME_CACHE = `${PREFIX}network`, PAGE_CACHE = PREFIX + VERSION;
const toUrls = (paths) => paths.map((path) => new URL(path, self.registration.scope).href);
const SHARED_CACHE = `${PREFIX}shared`, SHARE_URL = new URL("share", self.registration.scope).href; // see shared_files.js
const isKept = new Set([...toUrls(CHANGING), ...toUrls(PERMANENT)]);

self.addEventListener("install", (event) => event.waitUntil(keepFiles().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(removeOldFiles()));
self.addEventListener("fetch", (event) => {
  const url = event.request.url.replace(/[?#].*/, "");
  if (event.request.method === "POST" && url === SHARE_URL) return event.respondWith(keepShared(event.request));
  if (event.request.method !== "GET" || !isKept.has(url)) return undefined;
  return event.respondWith(toUrls(PERMANENT).includes(url) ? fromCache(url) : fromServer(event.request, url));
});

async function keepFiles() {
  const page = await caches.open(PAGE_CACHE), network = await caches.open(RUNTIME_CACHE);
  await page.addAll(toUrls(CHANGING).map((url) => new Request(url, { cache: "no-cache" })));
  for (const url of toUrls(PERMANENT)) if (!(await network.match(url))) await network.add(url);
}

async function removeOldFiles() {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && ![PAGE_CACHE, RUNTIME_CACHE, SHARED_CACHE].includes(name)) await caches.delete(name);
  const network = await caches.open(RUNTIME_CACHE), urls = toUrls(PERMANENT);
  for (const request of await network.keys()) if (!urls.includes(request.url)) await network.delete(request);
}

async function fromCache(url) {
  return (await caches.match(url)) ?? fetch(url);
}

async function fromServer(request, url) {
  try {
    const response = await fetch(request);
    if (response.ok || response.status < 500) return response;
  } catch {
    // no server: what is kept
  }
  return (await caches.match(url)) ?? Response.error();
}

// Photographs that another app shares with the installed page wait in a cache until the page takes them: they are not sent.
async function keepShared(request) {
  const files = (await request.formData()).getAll("photographs"), shared = await caches.open(SHARED_CACHE);
  for (const [i, file] of files.entries()) {
    const headers = { "Content-Type": file.type, "X-Name": encodeURIComponent(file.name) };
    await shared.put(`${SHARE_URL}/${Date.now()}-${i}`, new Response(file, { headers }));
  }
  return Response.redirect(self.registration.scope, 303);
}
