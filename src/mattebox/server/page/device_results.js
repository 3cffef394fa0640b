// Results that are made on this device: the cutout by the browser's network, and the file with its background, shadow,
// outline and frame. What is drawn is what the page shows; what only the server does is refused.
import { ApiError } from "./api.js";
import { composeOnce } from "./composed_view.js";
import { parseCropBox } from "./crop_tool.js";
import { createCanvas, loadImage } from "./decoded_images.js";
import { withExifOf } from "./exif.js";
import { canCutHere, cutOut, glance, predictMatte } from "./device_network.js";
import { readEffects } from "./effects.js";
import { drawBackground, encodeFile } from "./file_drawing.js";
import { backdropScene, bottomShare, sceneOf } from "./lens_layers.js";
import { blursBackdrop, isLens, isTilted, lensOf } from "./lens_settings.js";
import { renderThroughLens } from "./lens_view.js";
import { backgroundPreview, flatColour, isHealed, needsCutout, needsServer, withoutStrokes } from "./request.js";
import { text } from "./strings.js";
import { applyMarks } from "./subject_canvas.js";

const GLANCE_PIXELS = 400_000; // of a quick one
const FIRST_PIXELS = 1_000_000; // of a cutout that is only looked at
const ALL_PIXELS = 400_000_000;
let fileCount = 0, lastCutout = { key: null }; // { key, cutout } without marks: the next mark is often on the same photograph

// A quick cutout of a photograph, as a result; null where nothing stands out.
export async function glanceAt(item) {
  const startedAt = performance.now(), { bitmap, width, height, ...prediction } = await glance(item.file, GLANCE_PIXELS), canvas = createCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  if (prediction.isBlank) return null;
  return toResult(await canvas.convertToBlob(), { isCutout: true, size: [width, height], shownWidth: canvas.width, prediction, startedAt });
}

// The first finer cutout of a photograph, as a result; see scheduler.js.
export async function cutOutFirst(item) {
  const startedAt = performance.now(), { canvas, size, prediction } = await drawCutout(item, FIRST_PIXELS);
  return toResult(await canvas.convertToBlob(), { isCutout: true, size, shownWidth: canvas.width, prediction, startedAt });
}

// The answer to a request, made here. Throws an ApiError where it cannot be.
export async function makeResult(item, request, settings, backdrop) {
  requireDevice(item, request, settings);
  const startedAt = performance.now(), format = request.isCutoutAlone ? "png" : settings.get("format"), quality = Number(settings.get("quality")) / 100;
  try {
    if (isLens(settings) && !request.isCutoutAlone) return await makeThroughLens(item, settings, format, quality, startedAt);
    if (!needsCutout(settings) && !request.isCutoutAlone) return await keepPhotograph(item, format, quality, startedAt);
    const subject = await drawSubject(request.isCutoutAlone ? withoutStrokes(item) : item, request.fields.preview ? FIRST_PIXELS : ALL_PIXELS);
    const drawn = request.isCutoutAlone ? subject : await drawFile(subject, item, settings, backdrop);
    const blob = await encodeFile(drawn.canvas, format, quality), isWhole = drawn.canvas.width === drawn.size[0];
    return toResult(isWhole ? await withExifOf(item.file, blob) : blob, { ...drawn, isCutout: true, shownWidth: drawn.canvas.width, prediction: subject.prediction, startedAt });
  } catch (error) {
    throw error instanceof ApiError ? error : toProblem(error);
  }
}

function requireDevice(item, request, settings) {
  if (!canCutHere()) throw problem("browser_too_old");
  if (request.kind === "preview") throw problem("unreadable_here");
  if (isHealed(item)) throw problem("heal_needs_server");
  if (needsServer(settings)) throw problem("needs_server");
}

const problem = (code) => new ApiError(...(text.deviceProblems[code] ?? text.problems[code]), code);

// What the browser says: it cannot decode the file, has no memory, or has a fault.
function toProblem(error) {
  if (["InvalidStateError", "EncodingError"].includes(error.name)) return problem("unreadable_here");
  if (["RangeError", "QuotaExceededError"].includes(error.name)) return problem("too_large_here");
  console.error(error);
  return problem("failed_here");
}

function toResult(blob, { isCutout, size, placement = null, shownWidth, prediction, startedAt }) {
  return {
    blob, url: URL.createObjectURL(blob), seconds: (performance.now() - startedAt) / 1000, isCutout, width: size[0], height: size[1], isShrunk: shownWidth < size[0], shownWidth,
    confidence: prediction ? Math.round(100 * prediction.confidence) : null, isFound: prediction?.isFound ?? true, placement, check: null,
  };
}

// { canvas, size, prediction }: the cutout without marks, of at most so many pixels, and the photograph's size.
async function drawCutout(item, maxPixels) {
  const key = `${item.id} ${maxPixels}`;
  if (lastCutout.key === key) return lastCutout.cutout;
  item.prediction ??= predictMatte(item.file);
  item.prediction.catch(() => { item.prediction = null; });
  const prediction = await item.prediction, { bitmap, width, height } = await cutOut(item.file, prediction.matte, maxPixels);
  const canvas = createCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  lastCutout = { key, cutout: { canvas, size: [width, height], prediction } };
  return lastCutout.cutout;
}

// The cutout with the photograph's marks. Where nothing stands out, only what is painted is there.
async function drawSubject(item, maxPixels) {
  const cutout = await drawCutout(item, maxPixels), { canvas: { width, height }, prediction } = cutout;
  if (prediction.isBlank && !item.scribbles.length) throw problem("no_subject");
  if (!item.scribbles.length) return cutout;
  const photograph = createCanvas(width, height), canvas = createCanvas(width, height), bitmap = await createImageBitmap(item.file);
  photograph.getContext("2d").drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  if (!prediction.isBlank) canvas.getContext("2d").drawImage(cutout.canvas, 0, 0);
  applyMarks(canvas, photograph, item.scribbles);
  return { ...cutout, canvas };
}

// What a cutout becomes by the settings; `subject` is { canvas, size }. Returns these of the file, with the placement.
export async function drawFile(subject, item, settings, backdrop) {
  const effects = readEffects(settings, flatColour(settings), parseCropBox(settings.get("crop_to"))), whole = { left: 0, top: 0, scale: subject.canvas.width / subject.size[0] };
  const drawn = effects ? await composeOnce(subject.canvas, subject.size, effects, ALL_PIXELS) : { canvas: subject.canvas, size: subject.size, placement: null, photograph: whole };
  const canvas = createCanvas(drawn.canvas.width, drawn.canvas.height), background = backgroundPreview(settings, backdrop);
  if (backdrop && blursBackdrop(settings)) await drawBlurredBackdrop(canvas, backdrop, drawn.contactShare ?? bottomShare(drawn.canvas), settings);
  else await drawBackground(canvas.getContext("2d"), background, { picture: backdrop?.file, source: background.blur && (await photographSource(item, subject)), photograph: drawn.photograph });
  canvas.getContext("2d").drawImage(drawn.canvas, 0, 0);
  return { ...drawn, canvas };
}

async function photographSource(item, { canvas, size }) {
  const sampled = [canvas.width, canvas.height], photograph = createCanvas(...sampled);
  photograph.getContext("2d").drawImage(await loadImage(item.originalUrl), 0, 0, ...sampled);
  return { photograph, cutout: canvas, size, sampled, key: `${item.id} ${(fileCount += 1)}` };
}

async function drawBlurredBackdrop(canvas, backdrop, contactShare, settings) {
  const bitmap = await createImageBitmap(backdrop.file), scene = backdropScene(bitmap, contactShare, [canvas.width, canvas.height]);
  bitmap.close();
  canvas.getContext("2d").drawImage(await renderThroughLens(scene, lensOf(settings)), 0, 0);
}

// The photograph with its own background, out of focus.
async function makeThroughLens(item, settings, format, quality, startedAt) {
  const isTilt = isTilted(settings), subject = isTilt ? null : await drawSubject(item, ALL_PIXELS), bitmap = await createImageBitmap(item.file), size = [bitmap.width, bitmap.height];
  const scene = sceneOf(bitmap, subject?.canvas ?? null, isTilt ? "tilt" : null, size);
  bitmap.close();
  const canvas = await renderThroughLens(scene, lensOf(settings));
  const blob = await withExifOf(item.file, await encodeFile(canvas, format, quality));
  return toResult(blob, { isCutout: false, size, shownWidth: size[0], prediction: subject?.prediction ?? null, startedAt });
}

// The photograph as it is, or in another format.
async function keepPhotograph(item, format, quality, startedAt) {
  const bitmap = await createImageBitmap(item.file), size = [bitmap.width, bitmap.height], canvas = createCanvas(...size);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  const blob = format === "auto" ? item.file : await withExifOf(item.file, await encodeFile(canvas, format, quality));
  return toResult(blob, { isCutout: false, size, shownWidth: size[0], prediction: null, startedAt });
}
