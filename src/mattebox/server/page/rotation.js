// Rotation of a picture about its middle with Pillow's bicubic arithmetic, as mattebox rotates in Python (io/resampling.py).
// Pictures are ImageData; degrees are clockwise.
const BICUBIC_REACH = 2;

// The [width, height] of the canvas that holds a rotated picture, which is grown by the same on opposite sides.
export function rotatedSize([width, height], degrees) {
  if (degrees % 180 === 0) return [width, height];
  if (degrees % 90 === 0) return [height, width];
  const angle = (degrees * Math.PI) / 180, sine = Math.abs(Math.sin(angle)), cosine = Math.abs(Math.cos(angle));
  const padding = (length, needed) => 2 * Math.max(0, Math.ceil((needed - length) / 2));
  return [width + padding(width, width * cosine + height * sine), height + padding(height, height * cosine + width * sine)];
}

// `drawn` is the box of what is not transparent: nothing else is computed.
export function rotatePixels(image, degrees, drawn) {
  const [width, height] = rotatedSize([image.width, image.height], degrees), result = new ImageData(width, height);
  if (degrees % 90 === 0) turnQuarters(image, result, ((Math.round(degrees / 90) % 4) + 4) % 4);
  else rotateBicubic(weighByAlpha(image, drawn), result, degrees, [(width - image.width) / 2, (height - image.height) / 2]);
  return result;
}

function turnQuarters({ data, width, height }, result, quarters) {
  const from = new Uint32Array(data.buffer, data.byteOffset, width * height), to = new Uint32Array(result.data.buffer), last = width * height - 1;
  const [first, across, down] = [[0, 1, width], [height - 1, height, -1], [last, -1, -width], [last - height + 1, -height, 1]][quarters];
  for (let y = 0, at = 0; y < height; y += 1) for (let x = 0, place = first + y * down; x < width; x += 1, place += across, at += 1) to[place] = from[at];
}

// Floats of the box that is drawn, each colour times its alpha as a share: { data, left, top, width, height }.
function weighByAlpha(image, [left, top, right, bottom]) {
  const width = right - left, height = bottom - top, data = new Float32Array(4 * width * height);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0, at = 4 * ((top + y) * image.width + left); x < width; x += 1, at += 4, to += 4) {
      const share = image.data[at + 3] / 255;
      for (let channel = 0; channel < 3; channel += 1) data[to + channel] = image.data[at + channel] * share;
      data[to + 3] = share;
    }
  }
  return { data, left, top, width, height };
}

// `padding` is what the canvas is wider and taller on each side.
function rotateBicubic(source, result, degrees, padding) {
  const angle = (degrees * Math.PI) / 180, cosine = Math.cos(angle), sine = Math.sin(angle), middle = [result.width / 2, result.height / 2], sums = new Float64Array(4);
  for (let y = 0; y < result.height; y += 1) {
    const down = y + 0.5 - middle[1], startX = middle[0] - middle[0] * cosine + down * sine - padding[0] - source.left, startY = middle[1] + middle[0] * sine + down * cosine - padding[1] - source.top;
    const across = overlap(reachable(startX, cosine, source.width), reachable(startY, -sine, source.height)), first = Math.max(0, Math.floor(across[0]) - 1), stop = Math.min(result.width, Math.ceil(across[1]) + 1);
    for (let x = first; x < stop; x += 1) {
      sampleBicubic(source, startX + (x + 0.5) * cosine, startY - (x + 0.5) * sine, sums);
      writePixel(result.data, 4 * (y * result.width + x), sums);
    }
  }
}

// The range of x for which start + x * slope lies where samples of a line are within reach.
function reachable(start, slope, length) {
  const low = -BICUBIC_REACH, high = length + BICUBIC_REACH;
  if (Math.abs(slope) < 1e-12) return start >= low && start <= high ? [-Infinity, Infinity] : [Infinity, -Infinity];
  const ends = [(low - start) / slope, (high - start) / slope];
  return [Math.min(...ends), Math.max(...ends)];
}

const overlap = (first, second) => [Math.max(first[0], second[0]), Math.min(first[1], second[1])];

// The sums of four channels at a point, with zeros outside.
function sampleBicubic({ data, width, height }, x, y, sums) {
  const column = Math.floor(x - 0.5), row = Math.floor(y - 0.5), dx = x - 0.5 - column, dy = y - 0.5 - row;
  sums.fill(0);
  for (let j = -1; j <= 2; j += 1) {
    if (row + j < 0 || row + j >= height) continue;
    const down = cubicWeight(j, dy);
    for (let i = -1; i <= 2; i += 1) {
      if (column + i < 0 || column + i >= width) continue;
      const weight = down * cubicWeight(i, dx), at = 4 * ((row + j) * width + column + i);
      sums[0] += weight * data[at], sums[1] += weight * data[at + 1], sums[2] += weight * data[at + 2], sums[3] += weight * data[at + 3];
    }
  }
}

// Of the sample at `offset` from the one before a point, which lies `d` behind that one.
function cubicWeight(offset, d) {
  if (offset === -1) return -d * (1 - d) * (1 - d);
  if (offset === 0) return 1 - d * d * (2 - d);
  return offset === 1 ? d * (1 + d * (1 - d)) : -d * d * (1 - d);
}

function writePixel(data, at, [red, green, blue, share]) {
  const alpha = Math.min(1, Math.max(0, share)), divisor = Math.max(alpha, 1e-6);
  if (alpha <= 0) return;
  data[at] = red / divisor, data[at + 1] = green / divisor, data[at + 2] = blue / divisor, data[at + 3] = 255 * alpha;
}
