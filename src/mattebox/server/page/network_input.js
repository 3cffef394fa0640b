// From a photograph to the network's input, and from its output to alpha and confidence, with the same arithmetic as
// mattebox in Python (models/preprocess.py, matting/confidence.py).
import { round } from "./planes.js";
import { shrink } from "./resampling.js";

const MAX_SIDE_FACTOR = 4; // a side of the input is at most this many times `side`

// Width and height of the network's input for a photograph's, as the card's `input` says.
export function inputSize({ side, multiple }, [width, height]) {
  const scale = side / Math.sqrt(height * width), most = Math.floor((MAX_SIDE_FACTOR * side) / multiple);
  return [width, height].map((length) => multiple * Math.min(Math.max(1, round((length * scale) / multiple)), most));
}

// `pixels` are a photograph's colours over white. Returns { data: Float32Array of 3 x height x width, width, height }.
export function prepareInput(spec, pixels) {
  const [width, height] = inputSize(spec, [pixels.width, pixels.height]), small = shrink(pixels, [width, height]).data, area = width * height;
  const data = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel += 1) {
    for (let i = 0; i < area; i += 1) data[channel * area + i] = (small[3 * i + channel] / 255 - spec.mean[channel]) / spec.std[channel];
  }
  return { data, width, height };
}

// Lays colours with straight alpha over white, in place; alpha stays. Returns whether anything was transparent.
export function flattenOnWhite(data) {
  let isTransparent = false;
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3];
    if (alpha === 255) continue;
    isTransparent = true;
    for (let channel = 0; channel < 3; channel += 1) data[at + channel] = Math.floor((data[at + channel] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
  return isTransparent;
}

// { confidence, isFound } of alpha 0..1 from the network, by its card's calibration.
export function scoreAlpha(alpha, presence, calibration) {
  let inside = 0, sum = 0, union = 0;
  for (const value of alpha) {
    if (value > 0.5) inside += 1, sum += value, union += 1;
    else union += value;
  }
  const confidence = inside ? presence * calibrate(sum / union, calibration) : 0;
  return { confidence, isFound: confidence >= calibration.found_confidence && inside / alpha.length >= calibration.found_share };
}

function calibrate(iou, { bias, slope }) {
  return iou <= 0 ? 0 : 1 / (1 + Math.exp(-(bias + slope * Math.log(iou / Math.max(1 - iou, 1e-6)))));
}
