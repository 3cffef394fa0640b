// The photograph's own background, blurred behind its subject, which is removed first and leaves no ghost: the same
// arithmetic as the server's (composition/background_blur.py), in linear light on a reduced grid.
import { blur as blurPlane } from "./planes.js";
import { averageBlocks } from "./resampling.js";

const GRID_SIDE_CELLS = 480, MIN_SAMPLES_PER_SIGMA = 3, MAX_BACKGROUND_ALPHA = 0.02, SUBJECT_MARGIN_SAMPLES = 1.5;
const LEVELS = 65535; // of light, whose encoded values are in a table
let encodedByLevel = null;

// What is blurred of a photograph: { light, weights, width, height }, on a grid of cells of `factor` pixels. `photograph` and `cutout` can be
// drawn and are `sampled` [width, height] large; `size` is the photograph's.
export function reduceBackground(photograph, cutout, size, sampled, factor) {
  const [colours, alpha] = [photograph, cutout].map((picture) => readMeans(picture, size, sampled, factor)), { width, height } = alpha;
  const subject = Float32Array.from({ length: width * height }, (_, i) => alpha.data[4 * i + 3] / 255), nearby = blur(subject, width, height, SUBJECT_MARGIN_SAMPLES);
  const weights = subject.map((share, i) => (share < MAX_BACKGROUND_ALPHA ? Math.min(1, Math.max(0, 1 - 2 * nearby[i])) : 0));
  return { light: [0, 1, 2].map((channel) => subject.map((_, i) => decodeSrgb(colours.data[4 * i + channel] / 255))), weights, width, height };
}

// How many pixels of the photograph lie along a cell of the grid.
export function reductionFactor(size, radius) {
  const longer = Math.max(...size);
  return Math.max(1, Math.min(Math.round(longer / GRID_SIDE_CELLS), Math.floor((longer * radius) / MIN_SAMPLES_PER_SIGMA)));
}

// The light of the blurred background on its grid: { planes, width, height }; sigma in cells.
export const blurLight = ({ light, weights, width, height }, sigma) => ({ planes: blurMasked(light, weights, width, height, sigma), width, height });

// That light as an ImageData of [wide, tall] for a canvas of that `shape`. The photograph of that size lies on the canvas at
// { left, top, scale }; beyond it is mirrored.
export function drawLight(light, size, { left, top, scale }, shape, [wide, tall]) {
  const columns = mirroredNeighbours(wide, shape[0] / wide, left, scale, size[0], light.width), rows = mirroredNeighbours(tall, shape[1] / tall, top, scale, size[1], light.height);
  const image = new ImageData(wide, tall), encoded = encodedLevels();
  for (let y = 0, at = 0; y < tall; y += 1) {
    const [upper, lower, down] = [rows.first[y] * light.width, rows.second[y] * light.width, rows.share[y]];
    for (let x = 0; x < wide; x += 1, at += 4) {
      const first = columns.first[x], second = columns.second[x], across = columns.share[x];
      for (let channel = 0; channel < 3; channel += 1) {
        const plane = light.planes[channel], begin = plane[upper + first] + (plane[lower + first] - plane[upper + first]) * down, end = plane[upper + second] + (plane[lower + second] - plane[upper + second]) * down;
        image.data[at + channel] = encoded[Math.round(LEVELS * (begin + (end - begin) * across))];
      }
      image.data[at + 3] = 255;
    }
  }
  return image;
}

// Means of blocks of the photograph's own pixels; of a picture that is smaller, as the browser reduces it.
function readMeans(picture, [width, height], sampled, factor) {
  const isWhole = sampled[0] === width, size = isWhole ? [width, height] : [Math.ceil(width / factor), Math.ceil(height / factor)];
  const context = new OffscreenCanvas(...size).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, ...size);
  const { data } = context.getImageData(0, 0, ...size);
  return isWhole ? averageBlocks({ data, width, height, channels: 4 }, factor, factor) : { data, width: size[0], height: size[1] };
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

// The two samples around each pixel of a line, which is `step` pixels of the canvas long, and the share of the second.
function mirroredNeighbours(count, step, offset, scale, length, samples) {
  const first = new Int32Array(count), second = new Int32Array(count), share = new Float32Array(count), period = 2 * samples;
  for (let i = 0; i < count; i += 1) {
    const position = ((((i + 0.5) * step - offset) / scale) * samples) / length, place = samples - Math.abs(samples - (((position % period) + period) % period)) - 0.5;
    const clipped = Math.min(samples - 1, Math.max(0, place));
    first[i] = Math.floor(clipped), second[i] = Math.min(first[i] + 1, samples - 1), share[i] = clipped - first[i];
  }
  return { first, second, share };
}

function encodedLevels() {
  encodedByLevel ??= Uint8ClampedArray.from({ length: LEVELS + 1 }, (_, level) => 255 * encodeSrgb(level / LEVELS));
  return encodedByLevel;
}

const blur = (data, width, height, sigma) => blurPlane({ data, width, height }, sigma).data;
const decodeSrgb = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const encodeSrgb = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * Math.min(1, v) ** (1 / 2.4) - 0.055);
