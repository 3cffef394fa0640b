// Filling of planes where they are not known, from coarser and coarser means of what is known around it (push-pull), as in
// the server's lens/hole_filling.py. Planes are Float32Array of width x height values.
import { enlargeBlocks, meanBlocks } from "./block_means.js";
import { blur } from "./planes.js";

const KNOWN_WEIGHT = 1e-3, MAX_BACKGROUND_ALPHA = 0.02, FILL_MARGIN_PIXELS = 64, SUBJECT_MARGIN_SIGMA = 1.5;

// Fills planes in place where a subject of this alpha (0..1) hides the background.
export function fillBehindSubject(planes, alpha, width, height) {
  const known = blur({ data: alpha, width, height }, SUBJECT_MARGIN_SIGMA).data;
  const box = [width, height, -1, -1];
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      known[i] = alpha[i] < MAX_BACKGROUND_ALPHA ? Math.min(1, Math.max(0, 1 - 2 * known[i])) : 0;
      if (known[i] < 1) box[0] = Math.min(box[0], x), box[1] = Math.min(box[1], y), box[2] = Math.max(box[2], x), box[3] = y;
    }
  }
  if (box[2] < 0) return;
  const left = Math.max(0, box[0] - FILL_MARGIN_PIXELS), top = Math.max(0, box[1] - FILL_MARGIN_PIXELS), right = Math.min(width, box[2] + FILL_MARGIN_PIXELS + 1), bottom = Math.min(height, box[3] + FILL_MARGIN_PIXELS + 1);
  const wide = right - left, tall = bottom - top, cut = (plane) => {
    const part = new Float32Array(wide * tall);
    for (let y = 0; y < tall; y += 1) part.set(plane.subarray((top + y) * width + left, (top + y) * width + right), y * wide);
    return part;
  };
  const parts = planes.map(cut);
  fillUnknown(parts, cut(known), wide, tall);
  planes.forEach((plane, i) => { for (let y = 0; y < tall; y += 1) plane.set(parts[i].subarray(y * wide, (y + 1) * wide), (top + y) * width + left); });
}

// `weights` tell how well each pixel is known, 0..1; the planes are filled in place by what is missing.
function fillUnknown(planes, weights, width, height) {
  if ((width === 1 && height === 1) || weights.every((weight) => weight >= 1)) return;
  const coarseWeights = meanBlocks(weights, width, height, 2);
  const coarse = planes.map((plane) => meanBlocks(plane.map((v, i) => v * weights[i]), width, height, 2).data.map((v, i) => v / Math.max(coarseWeights.data[i], 1e-9)));
  fillUnknown(coarse, coarseWeights.data.map((weight) => Math.min(1, weight / KNOWN_WEIGHT)), coarseWeights.width, coarseWeights.height);
  planes.forEach((plane, i) => enlargeBlocks({ ...coarseWeights, data: coarse[i] }, 2, width, height, (y, line) => {
    for (let x = 0, at = y * width; x < width; x += 1, at += 1) plane[at] = plane[at] * weights[at] + line[x] * (1 - weights[at]);
  }));
}
