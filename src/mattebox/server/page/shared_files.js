// Photographs that another app has shared with the installed page; the service worker keeps them until they are taken.
import { storedByNow } from "./session_store.js";

const SHARED_CACHE = "mattebox-page-shared";

// Hands the shared files to `add`; they are erased from the cache when what it adds has been stored.
export async function takeSharedFiles(add) {
  if (!("caches" in window) || !(await caches.has(SHARED_CACHE))) return;
  const shared = await caches.open(SHARED_CACHE), files = [];
  for (const request of await shared.keys()) {
    const response = await shared.match(request), type = response.headers.get("Content-Type");
    files.push(new File([await response.blob()], decodeURIComponent(response.headers.get("X-Name")), { type }));
  }
  if (files.length) add(files);
  await storedByNow();
  await caches.delete(SHARED_CACHE);
}
