// Arithmetic on planes, the same as the server's: Float32Array of width x height values from 0 to 1, row by row.
const BOX_PASSES = 3;
const BICUBIC_A = -0.5;

export const createPlane = (width, height) => ({ width, height, data: new Float32Array(width * height) });

// Python's rounding: halves go to the even number.
export const round = (v) => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));

// The alpha of an ImageData as means of `cell` x `cell` blocks, each rounded to 1/255; the last blocks may be smaller.
export function averageAlpha({ data, width, height }, cell) {
  const plane = createPlane(Math.ceil(width / cell), Math.ceil(height / cell));
  if (cell === 1) {
    for (let i = 0; i < plane.data.length; i += 1) plane.data[i] = data[4 * i + 3] / 255;
    return plane;
  }
  for (let y = 0; y < plane.height; y += 1) {
    const bottom = Math.min(height, (y + 1) * cell);
    for (let x = 0; x < plane.width; x += 1) {
      const right = Math.min(width, (x + 1) * cell);
      let sum = 0;
      for (let row = y * cell; row < bottom; row += 1) for (let at = 4 * (row * width + x * cell) + 3, end = 4 * (row * width + right); at < end; at += 4) sum += data[at];
      plane.data[y * plane.width + x] = Math.floor(sum / ((bottom - y * cell) * (right - x * cell)) + 0.5) / 255;
    }
  }
  return plane;
}

export const mapPlane = (plane, f) => ({ ...plane, data: plane.data.map(f) });

// Three box filters along each axis, with zeros outside: nearly a Gaussian.
export function blur({ data, width, height }, sigma, horizontalSigma = sigma) {
  let result = data;
  for (const [axisSigma, count, step, lines, lineStep] of [[sigma, height, width, width, 1], [horizontalSigma, width, 1, height, width]]) {
    const radius = round((Math.sqrt((12 * axisSigma * axisSigma) / BOX_PASSES + 1) - 1) / 2), sums = new Float64Array(count + 1);
    for (let pass = 0; radius && pass < BOX_PASSES; pass += 1) {
      const next = new Float32Array(data.length);
      for (let line = 0; line < lines; line += 1) {
        const start = line * lineStep;
        for (let i = 0; i < count; i += 1) sums[i + 1] = sums[i] + result[start + i * step];
        for (let i = 0; i < count; i += 1) {
          next[start + i * step] = (sums[Math.min(count, i + radius + 1)] - sums[Math.max(0, i - radius)]) / (2 * radius + 1);
        }
      }
      result = next;
    }
  }
  return { width, height, data: result };
}

// A plane enlarged `factor` times, bicubic, and cropped to width x height.
export function enlarge(plane, factor, width, height) {
  if (factor === 1) return plane;
  const columns = bicubicTaps(plane.width, factor, width), rows = bicubicTaps(plane.height, factor, height);
  const wide = new Float32Array(width * plane.height), result = createPlane(width, height);
  for (let x = 0; x < width; x += 1) {
    for (const [index, weight] of columns[x]) for (let y = 0; y < plane.height; y += 1) wide[y * width + x] += weight * plane.data[y * plane.width + index];
  }
  for (let y = 0; y < height; y += 1) {
    for (const [index, weight] of rows[y]) for (let x = 0; x < width; x += 1) result.data[y * width + x] += weight * wide[index * width + x];
  }
  return result;
}

// For each sample of the enlarged line the [index, weight] of those that it is a mean of.
function bicubicTaps(length, factor, count) {
  return Array.from({ length: count }, (_, i) => {
    const centre = (i + 0.5) / factor, first = Math.max(0, Math.floor(centre - 2 + 0.5)), stop = Math.min(length, Math.floor(centre + 2 + 0.5)), taps = [];
    for (let index = first; index < stop; index += 1) taps.push([index, cubic(index + 0.5 - centre)]);
    const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
    return taps.map(([index, weight]) => [index, weight / total]);
  });
}

function cubic(t) {
  const x = Math.abs(t);
  if (x < 1) return ((BICUBIC_A + 2) * x - (BICUBIC_A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * BICUBIC_A : 0;
}
