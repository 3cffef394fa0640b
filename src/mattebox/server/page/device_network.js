// The network on this device: its worker, which is started when it is first needed.
import { site } from "./site.js";

let worker = null, requestCount = 0;
const waiting = new Map(); // id of a request -> { resolve, reject }

// Whether photographs can be cut out on this device.
export const canCutHere = () => Boolean(site.network) && typeof Worker === "function" && typeof OffscreenCanvas === "function";

// Begins to load the runtime and the network, so that they are there when a photograph is.
export const warmUp = () => request("warmUp").catch((error) => console.info(`no network on this device: ${error.message}`));

// A quick cutout for a first look, of about `maxPixels`; see cutout_worker.js.
export const glance = (file, maxPixels) => request("glance", { file, maxPixels });

// The network's matte of a photograph; see cutout_worker.js.
export const predictMatte = (file) => request("matte", { file });

// The cutout of a photograph by its matte, of at most `maxPixels`, as an ImageBitmap, with the photograph's size.
export const cutOut = (file, matte, maxPixels) => request("cutout", { file, matte, maxPixels });

function request(kind, content = {}) {
  const id = (requestCount += 1);
  startWorker().postMessage({ id, kind, ...content });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

function startWorker() {
  if (worker) return worker;
  worker = new Worker(new URL("cutout_worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(Object.assign(new Error(error.message), { name: error.name }));
    else resolve(result);
  };
  worker.onerror = (event) => stopWorker(new Error(event.message || "the worker did not start"));
  return worker;
}

// A worker that has failed is started again by the next request.
function stopWorker(error) {
  worker.terminate();
  worker = null;
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
}
