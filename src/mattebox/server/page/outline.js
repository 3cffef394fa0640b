// A sticker's outline, as in the server's composition/outline.py: everything within a distance of the subject in white.
import { averageAlpha, blur, createPlane, enlarge } from "./planes.js";

export const MAX_WIDTH_CELLS = 12;
const SMOOTHING_WIDTH_SHARE = 0.35;

// Puts a subject (ImageData) on its white outline, `outlineWidth` pixels and at most about `widthCells` cells of its grid wide.
export function addOutline(subject, outlineWidth, widthCells = MAX_WIDTH_CELLS) {
  const { width, height, data } = subject, cell = Math.max(1, Math.floor(outlineWidth / widthCells)), result = new ImageData(width, height);
  const sigma = (SMOOTHING_WIDTH_SHARE * outlineWidth) / cell, reach = Math.ceil(outlineWidth / cell + 2 + 3 * sigma), alpha = averageAlpha(subject, cell);
  const [left, top, right, bottom] = surroundings(alpha, reach);
  if (left >= right || top >= bottom) return result;
  const part = smoothDistances(cropPlane(alpha, left, top, right, bottom), reach, sigma);
  for (let i = 0; i < part.data.length; i += 1) part.data[i] = (part.data[i] - 0.5) * cell;
  const wide = Math.min(width, right * cell) - left * cell, tall = Math.min(height, bottom * cell) - top * cell, full = enlarge(part, cell, wide, tall).data;
  const from = new Uint32Array(data.buffer, data.byteOffset, width * height), to = new Uint32Array(result.data.buffer);
  for (let y = 0, i = 0; y < tall; y += 1) {
    for (let x = 0, at = (top * cell + y) * width + left * cell; x < wide; x += 1, at += 1, i += 1) {
      const share = outlineWidth + 0.5 - full[i];
      if (share >= 1 && data[4 * at + 3] === 255) to[at] = from[at];
      else if (share > 0) layOver(data, result.data, 4 * at, Math.round(255 * Math.min(1, share)));
    }
  }
  return result;
}

// A pixel over white of that alpha; nothing faint lies beyond the outline.
function layOver(data, result, at, edge) {
  const front = Math.min(data[at + 3], edge) / 255, rest = (edge / 255) * (1 - front), share = front + rest > 0 ? front / (front + rest) : 1;
  for (let channel = 0; channel < 3; channel += 1) result[at + channel] = Math.round(share * data[at + channel] + (1 - share) * 255);
  result[at + 3] = Math.round((front + rest) * 255);
}

// The box of what is at least half opaque, with what an outline and its smoothing reach; beyond it there is nothing to draw.
function surroundings({ data, width, height }, reach) {
  const box = [width, height, 0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (data[y * width + x] <= 0.5) continue;
      if (x < box[0]) box[0] = x;
      if (x >= box[2]) box[2] = x + 1;
      if (y < box[1]) box[1] = y;
      box[3] = y + 1;
    }
  }
  if (!box[3]) return box;
  return [Math.max(0, box[0] - reach), Math.max(0, box[1] - reach), Math.min(width, box[2] + reach), Math.min(height, box[3] + reach)];
}

function cropPlane({ data, width }, left, top, right, bottom) {
  const part = createPlane(Math.max(0, right - left), Math.max(0, bottom - top));
  for (let y = 0; y < part.height; y += 1) part.data.set(data.subarray((top + y) * width + left, (top + y) * width + right), y * part.width);
  return part;
}

// Distances without the small bumps of a furry edge. They go on beyond the border, as a subject does that lies on it.
function smoothDistances(alpha, maxDistance, sigma) {
  const margin = Math.ceil(3 * sigma), { width, height } = alpha, padded = createPlane(width + 2 * margin, height + 2 * margin);
  for (let y = 0; y < padded.height; y += 1) {
    const row = Math.min(height - 1, Math.max(0, y - margin)) * width;
    for (let x = 0; x < padded.width; x += 1) padded.data[y * padded.width + x] = alpha.data[row + Math.min(width - 1, Math.max(0, x - margin))] > 0.5 ? 1 : 0;
  }
  const blurred = blur(distanceTransform(padded, maxDistance), sigma), result = createPlane(width, height);
  for (let y = 0; y < height; y += 1) {
    const start = (y + margin) * padded.width + margin;
    result.data.set(blurred.data.subarray(start, start + width), y * width);
  }
  return result;
}

// The distance of each sample to the nearest that is 1, at most `maxDistance` + 1: by rows, then by the lower envelope of
// parabolas along the columns (after Felzenszwalb & Huttenlocher, Distance transforms of sampled functions, 2012).
function distanceTransform({ data, width, height }, maxDistance) {
  const squared = new Float32Array(data.length), limit = maxDistance + 1;
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    for (let x = 0, d = limit; x < width; x += 1) squared[row + x] = d = data[row + x] ? 0 : Math.min(limit, d + 1);
    for (let x = width - 1, d = limit; x >= 0; x -= 1) {
      d = data[row + x] ? 0 : Math.min(limit, d + 1);
      squared[row + x] = Math.min(squared[row + x], d) ** 2;
    }
  }
  const column = new Float32Array(height), vertices = new Int32Array(height), bounds = new Float64Array(height + 1);
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) column[y] = squared[y * width + x];
    findEnvelope(column, vertices, bounds);
    for (let y = 0, k = 0; y < height; y += 1) {
      while (bounds[k + 1] < y) k += 1;
      squared[y * width + x] = Math.min(limit, Math.sqrt((y - vertices[k]) ** 2 + column[vertices[k]]));
    }
  }
  return { width, height, data: squared };
}

// The parabolas of a column that are lowest somewhere, and where each begins to be.
function findEnvelope(column, vertices, bounds) {
  let k = 0;
  vertices[0] = 0;
  [bounds[0], bounds[1]] = [-Infinity, Infinity];
  for (let q = 1; q < column.length; q += 1) {
    let start = crossing(column, q, vertices[k]);
    while (start <= bounds[k]) {
      k -= 1;
      start = crossing(column, q, vertices[k]);
    }
    k += 1;
    vertices[k] = q;
    [bounds[k], bounds[k + 1]] = [start, Infinity];
  }
}

const crossing = (column, q, p) => (column[q] + q * q - column[p] - p * p) / (2 * q - 2 * p);
