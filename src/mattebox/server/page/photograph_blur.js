// The blur of a lens on a photograph with a subject, as in the server's lens/photograph_blur.py, layered_depth.py and
// pipeline/lens.py: the background is filled in behind the subject first, and what is in focus keeps its pixels. Noise is
// not put back. Pixels are Uint8ClampedArray of RGBA, planes Float32Array of width x height values.
import { fillBehindSubject } from "./hole_filling.js";
import { blurByRadii, blurLayer, SHARP_RADIUS_PIXELS } from "./lens_blur.js";

const RADIUS_AT_F1 = 0.04, MAX_HIGHLIGHTS = 0.95, HORIZON_SHARE = 0.45, MAX_FLOOR_NEARNESS = 2, MIN_FLOOR_SHARE = 0.05;
const NEAR_QUANTILE = 0.995, FAR_QUANTILE = 0.005, KEPT_SHARE = 1 - 1 / 1024, HALF_OPAQUE = 127;
const decodeTable = Float32Array.from({ length: 256 }, (_, i) => (i <= 10.31475 ? i / 255 / 12.92 : ((i / 255 + 0.055) / 1.055) ** 2.4));

// What does not change with the lens: { photograph, cutout, width, height, planes, alpha, nearness, subjectNearness }. The `cutout` may be null, for
// a photograph without a subject. `depth` is its nearness from a file, 0..1 for each pixel, or null for layers; "tilt"
// is that of a lens that is tilted, and "floor" with a `contactRow` one on which something stands.
export function prepareScene(photograph, cutout, width, height, depth, contactRow = null) {
  const hasSubject = cutout && depth !== "tilt" && depth !== "floor" && cutout.some((v, i) => i % 4 === 3 && v > 0), alpha = hasSubject ? Float32Array.from({ length: width * height }, (_, i) => cutout[4 * i + 3] / 255) : null;
  const nearness = depth === "tilt" ? toNearness(rowPlane(width, height, (y) => y / Math.max(1, height - 1))) : depth === "floor" ? rowPlane(width, height, floorRamp(height, contactRow, MAX_FLOOR_NEARNESS))
    : (depth ?? toNearness(layerDepth(cutout, alpha, width, height)));
  const planes = [0, 1, 2].map((channel) => Float32Array.from({ length: width * height }, (_, i) => decodeTable[photograph[4 * i + channel]]));
  const background = nearness.slice();
  if (alpha) fillBehindSubject([...planes, background], alpha, width, height);
  return { photograph, cutout, width, height, planes, alpha, nearness, background, subjectNearness: alpha ? meanOver(nearness, alpha) : null, isTilted: depth === "tilt", isFloor: depth === "floor" };
}

// The photograph as a lens would show it: RGBA. `lens` is { fNumber, shape, highlights (0..100), focus }, where the focus is
// [x, y] in shares, or null for the subject.
export function blurScene(scene, { fNumber, shape, highlights, focus }) {
  const { photograph, cutout, width, height, planes, alpha, background, subjectNearness } = scene, inFocus = nearnessInFocus(scene, focus);
  const lens = { radius: (RADIUS_AT_F1 * Math.max(width, height)) / fNumber, shape, highlights: (MAX_HIGHLIGHTS * highlights) / 100 };
  const radii = background.map((v) => (inFocus - v) * lens.radius), size = [width, height], { light, sharp } = blurByRadii(planes, radii, size, lens);
  const radius = alpha ? Math.abs(inFocus - subjectNearness) * lens.radius : 0;
  if (!alpha) return deliver(photograph, light, sharp);
  if (radius <= SHARP_RADIUS_PIXELS) return placeSharpSubject(photograph, deliver(photograph, light, sharp), cutout);
  const own = [0, 1, 2].map((channel) => Float32Array.from({ length: width * height }, (_, i) => decodeTable[cutout[4 * i + channel]])), layer = blurLayer(own, alpha, radius, size, lens);
  for (let i = 0; i < width * height; i += 1) {
    const behind = 1 - layer.coverage[i];
    for (let channel = 0; channel < 3; channel += 1) light[channel][i] = light[channel][i] * behind + layer.light[channel][i];
    sharp[i] *= behind;
  }
  return deliver(photograph, light, sharp);
}

function nearnessInFocus({ width, height, nearness, alpha, subjectNearness, isTilted, isFloor }, focus) {
  if (isFloor) return 1;
  const place = focus ?? (isTilted ? [0.5, 0.5] : null);
  if (!place) return subjectNearness ?? nearness.reduce((most, v) => Math.max(most, v), 0);
  const at = Math.min(height - 1, Math.floor(place[1] * height)) * width + Math.min(width - 1, Math.floor(place[0] * width));
  return alpha && Math.round(255 * alpha[at]) > HALF_OPAQUE ? subjectNearness : nearness[at];
}

// The photograph with the blurred light, and its own pixels where they are in focus.
function deliver(photograph, light, sharp) {
  const pixels = photograph.slice();
  for (let i = 0; i < sharp.length; i += 1) {
    if (sharp[i] >= KEPT_SHARE) continue;
    for (let channel = 0; channel < 3; channel += 1) pixels[4 * i + channel] = Math.round(255 * encodeSrgb(light[channel][i]));
  }
  return pixels;
}

// Composited as the photograph was taken apart, in encoded values.
function placeSharpSubject(photograph, behind, cutout) {
  const pixels = photograph.slice();
  for (let at = 0; at < pixels.length; at += 4) {
    const share = cutout[at + 3] / 255, isBlurred = [0, 1, 2].some((channel) => behind[at + channel] !== photograph[at + channel]);
    if (share >= 1 || !(isBlurred || share > 0)) continue;
    for (let channel = 0; channel < 3; channel += 1) pixels[at + channel] = Math.round(cutout[at + channel] * share + behind[at + channel] * (1 - share));
  }
  return pixels;
}

function encodeSrgb(value) {
  const v = Math.min(1, Math.max(0, value));
  return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
}

// ---- depth

// The subject as one layer, before a floor that recedes; nothing but 0 without one.
function layerDepth(cutout, alpha, width, height) {
  if (!alpha) return new Float32Array(width * height);
  const floor = floorRamp(height, lastRow(cutout, width, height), Infinity);
  return alpha.map((share, i) => floor(Math.floor(i / width)) * (1 - share) + share);
}

// The row after the last one that is at least half subject; the last of all where none is.
function lastRow(cutout, width, height) {
  for (let y = height - 1; y >= 0; y -= 1) for (let x = 0; x < width; x += 1) if (cutout[4 * (y * width + x) + 3] > HALF_OPAQUE) return y + 1;
  return height;
}

// Nearness of each row of a floor, relative to that of the row on which something stands.
function floorRamp(height, contact, most) {
  const isCutOff = contact >= height, horizon = isCutOff ? HORIZON_SHARE * height : Math.min(HORIZON_SHARE * height, contact - MIN_FLOOR_SHARE * height), foot = isCutOff ? roundHalfEven(1.5 * height) : contact;
  return (y) => Math.min(most, Math.max(0, (y + 0.5 - horizon) / Math.max(1, foot - horizon)));
}

const roundHalfEven = (v) => (v % 1 === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));

function rowPlane(width, height, valueOf) {
  const plane = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) plane.fill(valueOf(y), y * width, (y + 1) * width);
  return plane;
}

// From 0 (farthest) to 1 (nearest); single outliers are clipped.
function toNearness(depth) {
  const sorted = depth.slice().sort(), quantile = (share) => {
    const at = share * (sorted.length - 1), low = Math.floor(at);
    return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
  };
  let far = quantile(FAR_QUANTILE), near = quantile(NEAR_QUANTILE);
  if (near <= far) [far, near] = [sorted[0], sorted.at(-1)];
  return near <= far ? depth.fill(0) : depth.map((v) => Math.min(1, Math.max(0, (v - far) / (near - far))));
}

function meanOver(plane, weights) {
  let sum = 0, total = 0;
  for (let i = 0; i < plane.length; i += 1) sum += plane[i] * weights[i], total += weights[i];
  return sum / total;
}
