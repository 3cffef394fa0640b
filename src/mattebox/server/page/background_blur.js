// The photograph's own background, blurred behind its subject, which is removed first and leaves no ghost: the same
// arithmetic as the server's (composition/background_blur.py), in linear light on a reduced grid.
import { blur as blurPlane } from "./planes.js";

const GRID_SIDE_CELLS = 480, MIN_SAMPLES_PER_SIGMA = 3, MAX_BACKGROUND_ALPHA = 0.02, SUBJECT_MARGIN_SAMPLES = 1.5;
let last = { key: null, url: null }; // one is shown at a time

// The URL of the blurred background of a photograph, `percent` of its longer side; null until it is there, which
// `onReady` tells.
export function blurredBackground(photographUrl, cutout, percent, onReady) {
  const key = [photographUrl, cutout.url, percent].join(" ");
  if (last.key === key) return last.url;
  const entry = { key, url: null }, previous = last;
  last = entry;
  renderBlurredBackground(photographUrl, cutout, percent / 100).then((blob) => {
    if (last !== entry) return;
    entry.url = URL.createObjectURL(blob);
    onReady();
    if (previous.url) setTimeout(() => URL.revokeObjectURL(previous.url), 10_000);
  }, console.error);
  return null;
}

// The blurred background as a small picture; `radius` is a share of the longer side.
export async function renderBlurredBackground(photographUrl, cutout, radius) {
  const longer = Math.max(cutout.width, cutout.height);
  const factor = Math.max(1, Math.min(Math.round(longer / GRID_SIDE_CELLS), Math.floor((longer * radius) / MIN_SAMPLES_PER_SIGMA)));
  const width = Math.ceil(cutout.width / factor), height = Math.ceil(cutout.height / factor);
  const photograph = await readPixels(await fetchImage(photographUrl), width, height), { data } = await readPixels(await fetchImage(cutout.url), width, height);
  const subject = Float32Array.from({ length: width * height }, (_, i) => data[4 * i + 3] / 255);
  const nearby = blur(subject, width, height, SUBJECT_MARGIN_SAMPLES);
  const weights = subject.map((alpha, i) => (alpha < MAX_BACKGROUND_ALPHA ? Math.min(1, Math.max(0, 1 - 2 * nearby[i])) : 0));
  const light = [0, 1, 2].map((channel) => subject.map((_, i) => decodeSrgb(photograph.data[4 * i + channel] / 255)));
  const blurred = blurMasked(light, weights, width, height, (longer * radius) / factor);
  for (let i = 0; i < width * height; i += 1) {
    for (let channel = 0; channel < 3; channel += 1) photograph.data[4 * i + channel] = Math.round(255 * encodeSrgb(blurred[channel][i]));
    photograph.data[4 * i + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(photograph, 0, 0);
  return canvas.convertToBlob();
}

async function fetchImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

function readPixels(image, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

// Weighted means of the background around each sample; of ever wider surroundings where there is little.
function blurMasked(light, weights, width, height, sigma) {
  const totals = light.map(() => new Float32Array(width * height)), weight = new Float32Array(width * height);
  for (let share = 1, wide = sigma; ; share *= 0.01, wide *= 2) {
    light.forEach((plane, channel) => blur(plane.map((v, i) => v * weights[i]), width, height, wide).forEach((v, i) => (totals[channel][i] += share * v)));
    let least = Infinity;
    blur(weights, width, height, wide).forEach((v, i) => { weight[i] += share * v; least = Math.min(least, weight[i]); });
    if (least > 1e-3 * share || wide > Math.max(width, height)) break;
  }
  const means = light.map((plane) => plane.reduce((sum, v) => sum + v, 0) / plane.length);
  return totals.map((plane, channel) => plane.map((v, i) => (weight[i] > 0 ? v / Math.max(weight[i], 1e-20) : means[channel])));
}

const blur = (data, width, height, sigma) => blurPlane({ data, width, height }, sigma).data;
const decodeSrgb = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const encodeSrgb = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * Math.min(1, v) ** (1 / 2.4) - 0.055);
