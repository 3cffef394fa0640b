// Keeps the page's files in the browser, so that it opens without its server: see sw.js. Where the browser has no service
// workers (no https), the page works without.
import { warmUp } from "./device_network.js";

// The network is loaded first, for the page: what the service worker keeps of it is then there already.
export async function keepPageOffline() {
  try {
    await warmUp();
    await navigator.serviceWorker?.register(new URL("sw.js", document.baseURI));
  } catch (error) {
    console.info(`the page is not kept for offline use: ${error.message}`);
  }
}
