// The worker that cuts out photographs on this device. Messages are { id, kind, file, matte, maxPixels }:
//   "warmUp"   loads the runtime and the network
//   "glance"   a quick cutout for a first look, of about `maxPixels`: { bitmap, width, height, confidence, isFound, isBlank }
//   "matte"    the network's matte of a photograph, cleaned: { matte, width, height, confidence, isFound, isBlank, device }
//   "cutout"   the cutout by that matte, of at most `maxPixels`: { bitmap, width, height }
// Answers are { id, result } or { id, error: { name, message } }.
import { applyForeground, refineMatte } from "./colour_refinement.js";
import { guideAlpha } from "./guided_alpha.js";
import { loadNetwork, runNetwork } from "./inference_runtime.js";
import { cleanUpMatte, isBlank } from "./matte_cleanup.js";
import { flattenOnWhite, prepareInput, scoreAlpha } from "./network_input.js";
import { site } from "./site.js";
import { decodeSmall } from "./small_decoding.js";

const ALPHA_LEVELS = 65535; // to which the network's answers are rounded
const OPAQUE_TYPE = "image/jpeg";
const REHEARSAL_SIZE = [320, 240];
let last = null; // { file, bitmap, pixels, ownAlpha } of the photograph that was decoded last: the next request is often for it
let queue = Promise.resolve(), queueLength = 0; // one after the other

self.onmessage = ({ data }) => {
  queueLength += 1;
  queue = queue.then(() => answer(data)).then(() => { queueLength -= 1; });
};

async function answer({ id, kind, ...request }) {
  try {
    const result = await HANDLERS[kind](request);
    self.postMessage({ id, result }, result.bitmap ? [result.bitmap] : []);
  } catch (error) {
    self.postMessage({ id, error: { name: error.name, message: error.message } });
  }
}

const HANDLERS = {
  async warmUp() {
    const { device, ort } = await loadNetwork();
    if (queueLength === 1) await rehearse(); // nobody waits
    return { device, threads: ort.env.wasm.numThreads };
  },
  async glance({ file, maxPixels }) {
    const { image, size: [width, height] } = await decodeSmall(file, Math.sqrt(2 * maxPixels)), scale = Math.min(1, Math.sqrt(maxPixels / (width * height)));
    const size = [width, height].map((length) => Math.max(1, Math.round(length * scale))), { pixels, ownAlpha } = readPixels(image, size, file.type === OPAQUE_TYPE);
    image.close();
    const { matte, confidence, isFound, isBlank: isEmpty } = await predict(pixels), alpha = guideAlpha(pixels, matte);
    for (let i = 0; i < alpha.length; i += 1) pixels.data[4 * i + 3] = ownAlpha ? Math.min(alpha[i], ownAlpha[i]) : alpha[i];
    return { bitmap: toBitmap(pixels.data, size), width, height, confidence, isFound, isBlank: isEmpty };
  },
  async matte({ file }) {
    const { pixels } = await decode(file);
    return { ...(await predict(pixels)), width: pixels.width, height: pixels.height };
  },
  async cutout({ file, matte, maxPixels }) {
    const whole = await decode(file), { width, height } = whole.pixels, scale = Math.min(1, Math.sqrt(maxPixels / (width * height)));
    const size = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
    const { pixels, ownAlpha } = scale < 1 ? readPixels(whole.bitmap, size, !whole.ownAlpha) : { ...whole, pixels: { ...whole.pixels, data: whole.pixels.data.slice() } };
    const alpha = await refineMatte(pixels, matte);
    if (ownAlpha) for (let i = 0; i < alpha.length; i += 1) alpha[i] = Math.floor((alpha[i] * ownAlpha[i] + 127) / 255);
    await applyForeground(pixels, alpha);
    return { bitmap: toBitmap(pixels.data, size), width, height };
  },
};

// The network's matte of a photograph's pixels, cleaned, and its scores.
async function predict(pixels) {
  const input = prepareInput(site.network.input, pixels), { alpha, presence } = await runNetwork(input);
  const network = { width: input.width, height: input.height, data: alpha.map((value) => Math.round(ALPHA_LEVELS * value) / ALPHA_LEVELS) };
  const scores = scoreAlpha(network.data, presence, site.network.calibration), matte = scores.isFound ? cleanUpMatte(network) : network;
  return { matte, network, ...scores, isBlank: isBlank(matte) };
}

function toBitmap(data, size) {
  const canvas = new OffscreenCanvas(...size);
  canvas.getContext("2d").putImageData(new ImageData(data, ...size), 0, 0);
  return canvas.transferToImageBitmap();
}

// Cuts out nothing in particular, so that all graphs are loaded and compiled before the first photograph.
async function rehearse() {
  const [width, height] = REHEARSAL_SIZE, data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : (37 * i) % 256));
  const pixels = { data, width, height, channels: 4 };
  const matte = { width: 64, height: 64, data: Float32Array.from({ length: 64 * 64 }, (_, i) => Math.min(1, Math.max(0, ((i % 64) - 28) / 8))) };
  await runNetwork(prepareInput(site.network.input, pixels));
  await applyForeground(pixels, await refineMatte(pixels, cleanUpMatte(matte)));
}

async function decode(file) {
  if (last?.file !== file) {
    last?.bitmap.close();
    last = null;
    const bitmap = await createImageBitmap(file);
    last = { file, bitmap, ...readPixels(bitmap, [bitmap.width, bitmap.height], file.type === OPAQUE_TYPE) };
  }
  return last;
}

// The colours of a picture over white, and its own alpha, or null where it is opaque.
function readPixels(bitmap, [width, height], isOpaque) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "medium";
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height), ownAlpha = !isOpaque && flattenOnWhite(data) ? Uint8Array.from({ length: width * height }, (_, i) => data[4 * i + 3]) : null;
  return { pixels: { data, width, height, channels: 4 }, ownAlpha };
}
