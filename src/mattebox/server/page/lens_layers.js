// What the viewer shows of a photograph through a lens: its own background out of focus, or a picture behind its cutout.
import { boundingBox } from "./placement.js";
import { createCanvas, decodedImage } from "./decoded_images.js";
import { ownDepth } from "./own_depth.js";
import { lensView } from "./lens_view.js";
import { isTilted, lensOf } from "./lens_settings.js";

const HALF_OPAQUE = 127;

// The photograph through the lens of the settings, as a canvas; null until it is there, which `onReady` tells. `cutout` is a
// result, null where nothing is known of the subject.
export function lensCanvas(item, cutout, settings, onReady) {
  const depth = isTilted(settings) ? "tilt" : ownDepth(item, onReady);
  const sceneKey = [item.id, item.originalUrl, cutout?.url, depth === "tilt" ? depth : depth ? "own" : "layers"].join(" ");
  return lensView({ sceneKey, lens: lensOf(settings), draw: (maxPixels) => drawScene(item, cutout, depth, maxPixels, onReady) }, onReady);
}

function drawScene(item, cutout, depth, maxPixels, onReady) {
  const photograph = decodedImage(item.originalUrl, onReady), subject = cutout && decodedImage(cutout.url, onReady);
  if (!photograph || (cutout && !subject)) return null;
  return sceneOf(photograph, subject, depth, fitSize(subject ?? photograph, maxPixels));
}

// A scene of that size for the lens, of pictures that can be drawn.
export function sceneOf(photograph, subject, depth, size) {
  return { photograph: readPixels(photograph, size), cutout: subject && readPixels(subject, size), depth: typeof depth === "string" || !depth ? depth : readPlane(depth, size), contactRow: null };
}

// A cutout before a picture that is out of focus: a canvas of the composition's size, or null until it is there.
export function beforeBackdrop(composed, backdrop, contactShare, settings, onReady) {
  const picture = decodedImage(backdrop.url, onReady), shape = [composed.width, composed.height];
  const contact = contactShare ?? bottomShare(composed), sceneKey = [backdrop.id, ...shape, contact].join(" ");
  const behind = picture && lensView({ sceneKey, lens: lensOf(settings), draw: (maxPixels) => backdropScene(picture, contact, fitSize({ width: shape[0], height: shape[1] }, maxPixels)) }, onReady);
  if (!picture) return null;
  const canvas = createCanvas(...shape), context = canvas.getContext("2d");
  if (behind) context.drawImage(behind, 0, 0, ...shape);
  else drawCovering(context, picture);
  context.drawImage(composed, 0, 0);
  return canvas;
}

// The scene of a picture that covers a canvas of that size; something stands on the row at that share of its height.
export function backdropScene(picture, contactShare, size) {
  const canvas = createCanvas(...size), context = canvas.getContext("2d");
  drawCovering(context, picture);
  return { photograph: context.getImageData(0, 0, ...size), cutout: null, depth: "floor", contactRow: Math.round(contactShare * size[1]) };
}

// Where a subject ends, as a share of its canvas's height.
export function bottomShare(canvas) {
  const box = boundingBox(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), HALF_OPAQUE);
  return box ? box[3] / canvas.height : 1;
}

function drawCovering(context, picture) {
  const { width, height } = context.canvas, [wide, tall] = naturalSize(picture), scale = Math.max(width / wide, height / tall);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (width - wide * scale) / 2, (height - tall * scale) / 2, wide * scale, tall * scale);
}

const naturalSize = (picture) => [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];

function fitSize(picture, maxPixels) {
  const [width, height] = naturalSize(picture), scale = Math.min(1, Math.sqrt(maxPixels / (width * height)));
  return [width, height].map((length) => Math.max(1, Math.round(length * scale)));
}

function readPixels(picture, [width, height]) {
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

// Grey as shares of white.
function readPlane(picture, size) {
  const { data } = readPixels(picture, size);
  return Float32Array.from({ length: size[0] * size[1] }, (_, i) => data[4 * i] / 255);
}
