// Photographs that another app has shared with the installed page; the service worker keeps them until they are taken.
const SHARED_CACHE = "mattebox-page-shared";

// Takes the shared files; they are erased from the cache.
export async function takeSharedFiles() {
  if (!("caches" in window) || !(await caches.has(SHARED_CACHE))) return [];
  const shared = await caches.open(SHARED_CACHE), files = [];
  for (const request of await shared.keys()) {
    const response = await shared.match(request), type = response.headers.get("Content-Type");
    files.push(new File([await response.blob()], decodeURIComponent(response.headers.get("X-Name")), { type }));
  }
  await caches.delete(SHARED_CACHE);
  return files;
}
