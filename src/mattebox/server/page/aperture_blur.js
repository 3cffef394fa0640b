// Convolution of planes with an aperture, also with one that changes over the frame, as in the server's
// lens/aperture_blur.py. Samples are { data: [Float32Array of each plane], width, height }. What comes from outside the frame
// is not known and does not count.
import { apertureKernel, VARYING_SHAPES } from "./aperture.js";

const NODES = 7; // along each side of the frame, of an aperture that changes
const MIN_COVERAGE = 1e-3; // of a kernel by the frame

// Blurs the samples of a grid, whose first one lies at the pixels `start` = [x, y] of a frame of `size` = [width, height] and
// whose samples lie `factor` pixels apart; `radius` is in samples.
export function blurByAperture(samples, shape, radius, { start, size, factor }) {
  const insides = [0, 1].map((axis) => (i) => i * factor + start[axis] >= 0 && i * factor + start[axis] < size[axis]);
  const blurred = VARYING_SHAPES.includes(shape) ? blurByNodes(samples, shape, radius, { start, size, factor }, insides) : blurEvenly(samples, apertureKernel(shape, radius), insides);
  for (const plane of blurred.data) for (let i = 0; i < plane.length; i += 1) plane[i] /= Math.max(blurred.coverage[i], MIN_COVERAGE);
  return blurred.data;
}

function blurEvenly({ data, width, height }, kernel, insides) {
  return { data: data.map((plane) => convolve(plane, width, height, kernel)), coverage: coverFrame(kernel, width, height, insides) };
}

// How much of the kernel around each sample lies within the frame: sums of the kernel from a table.
function coverFrame({ reach, weights }, width, height, [isInsideX, isInsideY]) {
  const side = 2 * reach + 1, sums = new Float64Array((side + 1) * (side + 1)), coverage = new Float32Array(width * height);
  for (let y = 0; y < side; y += 1) for (let x = 0; x < side; x += 1) sums[(y + 1) * (side + 1) + x + 1] = weights[y * side + x] + sums[y * (side + 1) + x + 1] + sums[(y + 1) * (side + 1) + x] - sums[y * (side + 1) + x];
  const columns = listRanges(width, reach, isInsideX), rows = listRanges(height, reach, isInsideY);
  for (let y = 0; y < height; y += 1) {
    const [top, bottom] = rows[y].map((v) => v * (side + 1));
    for (let x = 0; x < width; x += 1) coverage[y * width + x] = sums[bottom + columns[x][1]] - sums[top + columns[x][1]] - sums[bottom + columns[x][0]] + sums[top + columns[x][0]];
  }
  return coverage;
}

// For each sample of a line, the first and the stop of the kernel's lines that lie in the frame.
function listRanges(length, reach, isInside) {
  return Array.from({ length }, (_, i) => {
    let first = 2 * reach + 1, stop = 0;
    for (let tap = 0; tap <= 2 * reach; tap += 1) if (isInside(i + reach - tap)) first = Math.min(first, tap), stop = tap + 1;
    return stop ? [first, stop] : [0, 0];
  });
}

// A plane convolved with a kernel, zero outside; only rows and columns from `first` to before `stop` (as [x, y]) are read.
function convolve(plane, width, height, { reach, weights }, first = [0, 0], stop = [width, height], result = new Float32Array(width * height)) {
  const side = 2 * reach + 1;
  for (let ky = 0; ky < side; ky += 1) {
    for (let kx = 0; kx < side; kx += 1) {
      const weight = weights[ky * side + kx], down = ky - reach, right = kx - reach;
      if (!weight) continue;
      const left = Math.max(first[0], -right), end = Math.min(stop[0], width - right);
      for (let y = Math.max(first[1], -down); y < Math.min(stop[1], height - down); y += 1) {
        const to = (y + down) * width + right, from = y * width;
        for (let x = left; x < end; x += 1) result[to + x] += weight * plane[from + x];
      }
    }
  }
  return result;
}

// The frame is divided among the nodes of a coarse grid; the part of each is spread by the aperture at that place.
function blurByNodes({ data, width, height }, shape, radius, { start, size, factor }, insides) {
  const corner = Math.hypot(...size) / 2, { reach } = apertureKernel(shape, radius), total = data.map(() => new Float32Array(width * height));
  const [wide, tall] = [width + 2 * reach, height + 2 * reach]; // the frame's own samples around the grid count for coverage
  const shares = [[start[0], wide, size[0]], [start[1], tall, size[1]]].map(([from, count, length]) => nodeShares(from - reach * factor, count, length, factor));
  const frame = Float32Array.from({ length: wide * tall }, (_, i) => (insides[0]((i % wide) - reach) && insides[1](Math.floor(i / wide) - reach) ? 1 : 0)), covered = new Float32Array(wide * tall);
  for (let row = 0; row < NODES; row += 1) {
    for (let column = 0; column < NODES; column += 1) {
      const kernel = apertureKernel(shape, radius, [column, row].map((i, axis) => ((i / (NODES - 1) - 0.5) * size[axis]) / corner));
      spread(frame, wide, tall, shares[0][column], shares[1][row], kernel, covered, 0);
      data.forEach((plane, i) => spread(plane, width, height, shares[0][column], shares[1][row], kernel, total[i], reach));
    }
  }
  const coverage = Float32Array.from({ length: width * height }, (_, i) => covered[(Math.floor(i / width) + reach) * wide + (i % width) + reach]);
  return { data: total, coverage };
}

// Adds a node's part of a plane, spread by its aperture; `offset` is where the plane begins among the shares.
function spread(plane, width, height, across, down, kernel, total, offset) {
  const part = new Float32Array(width * height), first = [width, height], stop = [0, 0];
  for (let y = 0; y < height; y += 1) {
    if (!down[y + offset]) continue;
    for (let x = 0; x < width; x += 1) {
      const share = across[x + offset] * down[y + offset];
      if (!share) continue;
      part[y * width + x] = share * plane[y * width + x];
      first[0] = Math.min(first[0], x), stop[0] = Math.max(stop[0], x + 1), first[1] = Math.min(first[1], y), stop[1] = y + 1;
    }
  }
  if (stop[0]) convolve(part, width, height, kernel, first, stop, total);
}

// The share of each node in each of `count` positions of a line; they sum to 1.
function nodeShares(from, count, length, factor) {
  const shares = Array.from({ length: NODES }, () => new Float32Array(count));
  for (let i = 0; i < count; i += 1) {
    const position = Math.min(NODES - 1, Math.max(0, ((from + i * factor) / Math.max(1, length - 1)) * (NODES - 1))), lower = Math.floor(position), upper = Math.min(lower + 1, NODES - 1);
    shares[lower][i] += 1 - (position - lower);
    shares[upper][i] += position - lower;
  }
  return shares;
}
