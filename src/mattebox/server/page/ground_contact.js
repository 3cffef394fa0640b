// Where a subject touches the ground, as in the server's composition/ground_contact.py: for each column the first row below
// its foot, and the weight of the contact there.
import { round } from "./planes.js";

const MAX_CONTACT_LIFT_SHARE = 0.14, CONTACT_FALLOFF_SHARE = 0.07, DEPTH_FALLOFF_SHARE = 0.2, SMOOTHING_WINDOW_SHARE = 0.02; // of the subject's height
const MIN_CONTACT_WEIGHT = 0.02;

// { groundRows, weights } of an alpha plane; null where nothing is at least half opaque.
export function findGroundContact(alpha, subjectHeight) {
  const { width, height } = alpha, lowest = new Float32Array(width).fill(-height);
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) if (alpha.data[y * width + x] > 0.5) lowest[x] = y + 1;
  const deepest = lowest.reduce((most, v) => Math.max(most, v), -height);
  if (deepest < 0) return null;
  const lift = MAX_CONTACT_LIFT_SHARE * subjectHeight, reconstructed = reconstruct(lowest.map((v) => v - lift), lowest);
  const weights = lowest.map((row, x) => {
    const dome = row - reconstructed[x];
    if (row < 0 || dome <= 0) return 0;
    return Math.exp(-(((lift - dome) / (CONTACT_FALLOFF_SHARE * subjectHeight)) ** 2)) * Math.exp(-(((deepest - row) / (DEPTH_FALLOFF_SHARE * subjectHeight)) ** 2));
  });
  const feet = [...weights.keys()].filter((x) => weights[x] > MIN_CONTACT_WEIGHT);
  if (!feet.length) return null;
  return { weights, groundRows: smooth(interpolate(feet, lowest, width), round(SMOOTHING_WINDOW_SHARE * subjectHeight)) };
}

// The marker dilated along the columns under the mask.
function reconstruct(marker, mask) {
  const result = marker.slice();
  for (let x = 1; x < mask.length; x += 1) result[x] = Math.min(mask[x], Math.max(result[x], result[x - 1]));
  for (let x = mask.length - 2; x >= 0; x -= 1) result[x] = Math.min(mask[x], Math.max(result[x], result[x + 1]));
  return result;
}

function interpolate(feet, rows, width) {
  const result = new Float64Array(width);
  for (let x = 0, next = 0; x < width; x += 1) {
    while (next < feet.length && feet[next] < x) next += 1;
    const right = feet[Math.min(next, feet.length - 1)], left = feet[Math.max(0, next - 1)];
    result[x] = x >= right || x <= left ? rows[x >= right ? right : left] : rows[left] + ((rows[right] - rows[left]) * (x - left)) / (right - left);
  }
  return result;
}

// Means over a window, so that fur does not break up the ground.
function smooth(rows, window) {
  const half = Math.floor(window / 2), last = rows.length - 1;
  if (!half) return Float32Array.from(rows);
  return Float32Array.from(rows, (_, x) => {
    let sum = 0;
    for (let i = x - half; i <= x + half; i += 1) sum += rows[Math.min(last, Math.max(0, i))];
    return sum / (2 * half + 1);
  });
}
