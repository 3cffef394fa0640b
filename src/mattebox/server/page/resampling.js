// Resampling of 8-bit pixels with Pillow's arithmetic, as mattebox resamples in Python (io/resampling.py): block means,
// Lanczos and bicubic. Pixels are { data: Uint8Array or Uint8ClampedArray, width, height, channels }.
const MIN_LANCZOS_RATIO = 1.5; // blocks are averaged down to this multiple of the target, and Lanczos does the rest
const FILTERS = { lanczos: [3, lanczos], bicubic: [2, cubic] };
const BICUBIC_A = -0.5;
const WEIGHT_BITS = 22, WEIGHT_UNIT = 2 ** WEIGHT_BITS; // weights are whole numbers of 22 bits after the point, so that halves round as in Pillow

// Means of blocks of `across` x `down` pixels; the last ones may be smaller. Only the first channels are taken.
export function averageBlocks({ data, width, height, channels }, across, down, channelCount = channels) {
  const columns = Math.ceil(width / across), rows = Math.ceil(height / down), means = new Uint8Array(columns * rows * channelCount);
  const sums = new Uint32Array(columns * channelCount), sumOfPixel = Uint32Array.from({ length: width }, (_, x) => Math.floor(x / across) * channelCount);
  for (let row = 0; row < rows; row += 1) {
    const top = row * down, bottom = Math.min(height, top + down);
    sums.fill(0);
    for (let y = top; y < bottom; y += 1) {
      for (let x = 0, at = y * width * channels; x < width; x += 1, at += channels) {
        const sum = sumOfPixel[x];
        sums[sum] += data[at];
        for (let channel = 1; channel < channelCount; channel += 1) sums[sum + channel] += data[at + channel];
      }
    }
    for (let column = 0; column < columns; column += 1) {
      const count = (bottom - top) * (Math.min(width, (column + 1) * across) - column * across);
      for (let channel = 0; channel < channelCount; channel += 1) {
        means[(row * columns + column) * channelCount + channel] = Math.floor((sums[column * channelCount + channel] + (count >> 1)) / count);
      }
    }
  }
  return { data: means, width: columns, height: rows, channels: channelCount };
}

// Resizes to [width, height], antialiased: `shrink` of Python. Colours only.
export function shrink(pixels, [width, height]) {
  const across = Math.max(1, Math.floor(pixels.width / width / MIN_LANCZOS_RATIO)), down = Math.max(1, Math.floor(pixels.height / height / MIN_LANCZOS_RATIO));
  return resize(averageBlocks(pixels, across, down, Math.min(3, pixels.channels)), [width, height], "lanczos", [pixels.width / across, pixels.height / down]);
}

// Resizes to [width, height] with a filter; `span` is the part of the source, from its upper left corner, that is taken.
export function resize(pixels, [width, height], filter, span = [pixels.width, pixels.height]) {
  const { channels } = pixels, columns = filterTaps(pixels.width, [0, span[0]], width, filter), rows = filterTaps(pixels.height, [0, span[1]], height, filter);
  const wide = new Uint8ClampedArray(width * pixels.height * channels), result = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < pixels.height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const { first, weights } = columns[x], from = (y * pixels.width + first) * channels;
      for (let channel = 0; channel < channels; channel += 1) wide[(y * width + x) * channels + channel] = weightedMean(pixels.data, from + channel, channels, weights);
    }
  }
  const stride = width * channels;
  for (let y = 0; y < height; y += 1) {
    const { first, weights } = rows[y];
    for (let i = 0; i < stride; i += 1) result[y * stride + i] = weightedMean(wide, first * stride + i, stride, weights);
  }
  return { data: result, width, height, channels };
}

function weightedMean(data, start, step, weights) {
  let sum = WEIGHT_UNIT / 2;
  for (let i = 0, at = start; i < weights.length; i += 1, at += step) sum += data[at] * weights[i];
  return Math.floor(sum / WEIGHT_UNIT);
}

// Cuts a box [left, top, right, bottom] out of an ImageData and resizes it to [wide, tall] by Lanczos, colours weighted by alpha.
// `drawn` is the box of what is not transparent: nothing else is computed.
export function cropAndResize(image, box, [wide, tall], drawn) {
  const [left, top, right, bottom] = box.map(Math.fround), result = new ImageData(wide, tall);
  const columns = filterTaps(image.width, [left, right], wide, "lanczos"), rows = filterTaps(image.height, [top, bottom], tall, "lanczos");
  const [firstColumn, stopColumn] = tapsThatMeet(columns, drawn[0], drawn[2]), [firstRow, stopRow] = tapsThatMeet(rows, drawn[1], drawn[3]);
  if (firstColumn >= stopColumn || firstRow >= stopRow) return result;
  const sourceTop = rows[firstRow].first, sourceBottom = endOf(rows[stopRow - 1]), stride = 4 * (stopColumn - firstColumn);
  const narrow = new Uint8ClampedArray(stride * (sourceBottom - sourceTop)), line = new Uint8ClampedArray(4 * image.width), span = [columns[firstColumn].first, endOf(columns[stopColumn - 1])];
  for (let y = sourceTop, to = 0; y < sourceBottom; y += 1) {
    premultiply(image.data.subarray(4 * y * image.width, 4 * (y + 1) * image.width), line, span);
    for (let x = firstColumn; x < stopColumn; x += 1, to += 4) addPixels(line, 4 * columns[x].first, 4, columns[x].weights, narrow, to);
  }
  for (let y = firstRow; y < stopRow; y += 1) {
    const { first, weights } = rows[y], from = (first - sourceTop) * stride, to = 4 * (y * wide + firstColumn);
    for (let i = 0; i < stride; i += 4) addPixels(narrow, from + i, stride, weights, result.data, to + i);
    divideByAlpha(result.data.subarray(to, to + stride));
  }
  return result;
}

const endOf = ({ first, weights }) => first + weights.length;

// The range of samples of the result that have taps in a range of the source.
function tapsThatMeet(taps, start, stop) {
  const first = taps.findIndex((tap) => endOf(tap) > start), after = taps.findIndex((tap) => tap.first >= stop);
  return [first < 0 ? taps.length : first, after < 0 ? taps.length : after];
}

// The weighted sum of pixels of four channels.
function addPixels(data, start, step, weights, result, to) {
  let red = WEIGHT_UNIT / 2, green = red, blue = red, alpha = red;
  for (let i = 0, at = start; i < weights.length; i += 1, at += step) {
    const weight = weights[i];
    red += data[at] * weight, green += data[at + 1] * weight, blue += data[at + 2] * weight, alpha += data[at + 3] * weight;
  }
  result[to] = red >> WEIGHT_BITS, result[to + 1] = green >> WEIGHT_BITS, result[to + 2] = blue >> WEIGHT_BITS, result[to + 3] = alpha >> WEIGHT_BITS;
}

function premultiply(row, line, [first, stop]) {
  for (let at = 4 * first; at < 4 * stop; at += 4) {
    const alpha = row[at + 3];
    for (let channel = 0; channel < 3; channel += 1) {
      const product = row[at + channel] * alpha + 128;
      line[at + channel] = ((product >> 8) + product) >> 8;
    }
    line[at + 3] = alpha;
  }
}

function divideByAlpha(row) {
  for (let at = 0; at < row.length; at += 4) {
    const alpha = row[at + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = 0; channel < 3; channel += 1) row[at + channel] = Math.floor((255 * row[at + channel]) / alpha);
  }
}

// For each sample of the result: the first sample of the source, and the weights from it on; of the part of the source between
// `start` and `stop`.
function filterTaps(length, [start, stop], count, name) {
  const [support, filter] = FILTERS[name], ratio = Math.fround(stop - start) / count, scale = Math.max(1, ratio);
  return Array.from({ length: count }, (_, i) => {
    const centre = start + (i + 0.5) * ratio, first = Math.max(0, Math.floor(centre - support * scale + 0.5)), end = Math.min(length, Math.floor(centre + support * scale + 0.5));
    const weights = Float64Array.from({ length: end - first }, (__, j) => filter((j + first - centre + 0.5) / scale)), total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Int32Array.from(weights, (weight) => toFixedPoint(weight / total)) };
  });
}

const toFixedPoint = (weight) => Math.trunc(weight * WEIGHT_UNIT + Math.sign(weight) * 0.5);

function lanczos(x) {
  const sinc = (t) => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function cubic(t) {
  const x = Math.abs(t);
  if (x < 1) return ((BICUBIC_A + 2) * x - (BICUBIC_A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * BICUBIC_A : 0;
}
