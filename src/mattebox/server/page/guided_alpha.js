// A quick matte at a preview's size: the network's, drawn to the edges of the photograph by a guided filter (He, Sun & Tang,
// Guided image filtering, 2013). It stands in for the finer one that takes longer.
import { stretchLevels } from "./matte_cleanup.js";
import { createPlane } from "./planes.js";
import { resize } from "./resampling.js";

const REACH_SAMPLES = 1.5; // of the filter, in samples of the matte
const EPSILON = 1e-3, ALPHA_CLIP_MARGIN = 0.1;

// Alpha 0..255 of `pixels` = { data: RGBA, width, height } from a coarse matte.
export function guideAlpha({ data, width, height }, matte) {
  const coarse = Uint8Array.from(stretchLevels(matte.data, ALPHA_CLIP_MARGIN), (v) => Math.round(255 * v));
  const alpha = resize({ data: coarse, width: matte.width, height: matte.height, channels: 1 }, [width, height], "bicubic").data, target = createPlane(width, height).data, guide = createPlane(width, height).data;
  for (let i = 0; i < guide.length; i += 1) {
    guide[i] = (0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]) / 255;
    target[i] = alpha[i] / 255;
  }
  const reach = Math.max(1, Math.round((REACH_SAMPLES * width) / matte.width)), mean = (plane) => boxMean(plane, width, height, reach);
  const meanGuide = mean(guide), meanTarget = mean(target), products = mean(guide.map((v, i) => v * target[i])), squares = mean(guide.map((v) => v * v));
  const slope = meanGuide.map((v, i) => (products[i] - v * meanTarget[i]) / (squares[i] - v * v + EPSILON)), offset = meanTarget.map((v, i) => v - slope[i] * meanGuide[i]);
  const slopes = mean(slope), offsets = mean(offset);
  return Uint8Array.from(guide, (v, i) => Math.round(255 * sharpen(slopes[i] * v + offsets[i])));
}

// What is nearly nothing or all becomes it.
const sharpen = (v) => Math.min(1, Math.max(0, (v - 0.15) / 0.7));

// Means of squares, of (2 reach + 1)^2 samples, fewer at the rim.
function boxMean(plane, width, height, reach) {
  const wide = new Float32Array(plane.length), result = new Float32Array(plane.length), sums = new Float64Array(Math.max(width, height) + 1);
  for (const [from, to, count, step, lines, lineStep] of [[plane, wide, width, 1, height, width], [wide, result, height, width, width, 1]]) {
    for (let line = 0; line < lines; line += 1) {
      const start = line * lineStep;
      for (let i = 0; i < count; i += 1) sums[i + 1] = sums[i] + from[start + i * step];
      for (let i = 0; i < count; i += 1) {
        const first = Math.max(0, i - reach), stop = Math.min(count, i + reach + 1);
        to[start + i * step] = (sums[stop] - sums[first]) / (stop - first);
      }
    }
  }
  return result;
}
