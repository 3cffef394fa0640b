// What a lens would show, drawn on this device: at once on a small copy while the aperture or the focus changes, and then
// at the preview's own size. A worker blurs; the newest wish counts, and others are dropped.
import { createCanvas } from "./decoded_images.js";
import { byId } from "./dom.js";
import { askWorker } from "./worker_request.js";

const ROUGH_PIXELS = 300_000, FINE_PIXELS = 1_000_000, FINE_PAUSE_MS = 350;
const MAX_SCENES = 2; // that the worker keeps, see lens_worker.js
let worker = null, running = null, wanted = null, fineTimer = 0, shown = { sceneKey: null, canvas: null };
const sentScenes = new Map(); // key -> [width, height]

// The photograph through a lens, as a canvas; the last one of the same `sceneKey` until it is there, which `onReady` tells,
// and null before the first. A wish is { sceneKey, lens, draw(maxPixels) }, where `draw` returns the scene as { photograph,
// cutout, depth, contactRow }, see lens_worker.js, or null while it is not decoded.
export function lensView(wish, onReady) {
  const key = JSON.stringify([wish.sceneKey, wish.lens]);
  if (wanted?.key !== key) {
    clearTimeout(fineTimer);
    wanted = { ...wish, key, onReady };
    byId("frame").dataset.blurring = "";
    render(wanted, ROUGH_PIXELS);
  }
  return shown.sceneKey === wish.sceneKey ? shown.canvas : null;
}

// A scene of any size through a lens, once: a promise of a canvas.
export async function renderThroughLens(scene, lens) {
  const own = startWorker();
  try {
    return toCanvas(await askWorker(own, { scene: "once", source: scene, lens }), [scene.photograph.width, scene.photograph.height]);
  } finally {
    own.terminate();
  }
}

async function render(wish, maxPixels) {
  if (running) return; // the newest wish is taken up when it has ended
  const scene = `${wish.sceneKey} ${maxPixels}`, source = sentScenes.has(scene) ? null : wish.draw(maxPixels);
  if (!source && !sentScenes.has(scene)) {
    wanted = null; // it is wished again when what it needs is decoded
    delete byId("frame").dataset.blurring;
    return;
  }
  running = wish;
  try {
    if (source) rememberScene(scene, [source.photograph.width, source.photograph.height]);
    worker ??= startWorker();
    const size = sentScenes.get(scene);
    wish.isFine = maxPixels === FINE_PIXELS || size[0] * size[1] < 0.9 * ROUGH_PIXELS; // a small picture is fine at once
    shown = { sceneKey: wish.sceneKey, canvas: toCanvas(await askWorker(worker, { scene, source, lens: wish.lens }), size) };
  } catch (error) {
    console.error(error);
    worker.terminate();
    worker = null;
    sentScenes.clear();
    wish.isFine = true; // it is not tried again
  } finally {
    running = null;
  }
  if (wanted && wanted !== wish) render(wanted, ROUGH_PIXELS);
  else if (wish.isFine) delete byId("frame").dataset.blurring;
  else fineTimer = setTimeout(() => wanted === wish && render(wish, FINE_PIXELS), FINE_PAUSE_MS);
  wish.onReady();
}

function rememberScene(key, size) {
  if (sentScenes.size >= MAX_SCENES) sentScenes.delete(sentScenes.keys().next().value);
  sentScenes.set(key, size);
}

const startWorker = () => new Worker(new URL("lens_worker.js", import.meta.url), { type: "module" });

function toCanvas(pixels, [width, height]) {
  const canvas = createCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}
