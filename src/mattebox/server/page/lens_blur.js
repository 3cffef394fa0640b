// The blur of a lens that follows depth, as in the server's lens/lens_blur.py and overlaid_levels.py: the picture is split
// into levels of equal radius, blurred in linear light with their coverage, and laid over each other from back to front.
// Planes are Float32Array of width x height values.
import { blurByAperture } from "./aperture_blur.js";
import { apertureKernel } from "./aperture.js";
import { enlargeBlocks, meanBlocks } from "./block_means.js";

export const SHARP_RADIUS_PIXELS = 0.5; // a smaller circle of confusion is in focus
const MIN_GRID_RADIUS = 4; // of a kernel on a reduced grid, in its samples
const EMPTY_WEIGHT = 1 / 1024; // pixels that have less of a level do not make it one

// `light` is three planes of linear light, `radii` those of the circles of confusion, above 0 behind the plane of focus and
// below 0 before it. Returns { light, sharp }, where `sharp` is how much of each pixel is untouched.
export function blurByRadii(light, radii, [width, height], lens) {
  const bounds = [0, ...levelRadii(lens.radius)], sharp = radii.map((radius) => triangleWeight(Math.abs(radius), 0, 0, bounds[1]));
  const layers = createLayers(light, [width, height], lens), levels = listLevels(radii, bounds), before = listLevels(radii.map((radius) => -radius), bounds);
  for (const level of levels.reverse()) layOver(layers, level);
  layOver(layers, { radius: 0, weigh: () => sharp });
  for (const level of before) layOver(layers, level, sharp);
  return { light: finishLight(layers), sharp };
}

// Blurs a layer as a whole, such as a subject out of focus. Returns premultiplied light and its coverage.
export function blurLayer(light, alpha, radius, size, lens) {
  const layers = createLayers(light, size, lens);
  layOver(layers, { radius, weigh: () => alpha });
  const blurred = finishLight(layers);
  for (const plane of blurred) for (let i = 0; i < plane.length; i += 1) plane[i] *= layers.coverage[i];
  return { light: blurred, coverage: layers.coverage };
}

const createLayers = (source, [width, height], { shape, highlights }) => ({
  source, width, height, shape, highlights, light: source.map(() => new Float32Array(width * height)), coverage: new Float32Array(width * height),
});

// Lays a level, { radius, weigh() }, over those behind it; `uncovered` is reduced by what it covers.
function layOver(layers, { radius, weigh }, uncovered) {
  const { width, light, coverage } = layers, factor = gridFactor(radius), weights = weigh(), region = findRegion(weights, layers, radius, factor);
  if (!region) return;
  const grid = blurSamples(layers, weights, radius, factor, region), { left, top, right, bottom } = region, wide = right - left, tall = bottom - top;
  const behind = new Float32Array(wide * tall), overlay = (index, write) => enlargeBlocks({ ...grid, data: grid.data[index] }, factor, wide, tall, (y, line) => write(y * wide, (top + y) * width + left, line));
  overlay(3, (from, to, line) => { for (let x = 0; x < wide; x += 1) behind[from + x] = 1 - line[x], coverage[to + x] = coverage[to + x] * behind[from + x] + line[x]; });
  light.forEach((plane, channel) => overlay(channel, (from, to, line) => { for (let x = 0; x < wide; x += 1) plane[to + x] = plane[to + x] * behind[from + x] + line[x]; }));
  if (uncovered) for (let y = 0, i = 0; y < tall; y += 1) for (let at = (top + y) * width + left, end = at + wide; at < end; at += 1, i += 1) uncovered[at] *= behind[i];
}

const gridFactor = (radius) => 1 << Math.max(0, Math.floor(Math.log2(Math.max(1, radius / MIN_GRID_RADIUS))));

// The pixels that a level reaches, on whole blocks of its grid; null for none.
function findRegion(weights, { width, height, shape }, radius, factor) {
  let left = width, right = -1, top = -1, bottom = -1;
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      if (weights[at] <= 0) continue;
      if (top < 0) top = y;
      bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  if (top < 0) return null;
  const margin = factor * (apertureKernel(shape, radius / factor).reach + 1), start = (v) => Math.floor(Math.max(0, v - margin) / factor) * factor;
  return { left: start(left), top: start(top), right: Math.min(width, right + margin + 1), bottom: Math.min(height, bottom + margin + 1) };
}

// Premultiplied light and coverage of a level after the blur, on its grid. Before, the shoulder of a camera's tone curve is undone.
function blurSamples({ source, width, height, shape, highlights }, weights, radius, factor, { left, top, right, bottom }) {
  const wide = right - left, tall = bottom - top;
  const means = [...source, null].map((plane) => {
    const samples = new Float32Array(wide * tall);
    for (let y = 0, i = 0; y < tall; y += 1) {
      for (let at = (top + y) * width + left, end = at + wide; at < end; at += 1, i += 1) {
        if (weights[at] > 0) samples[i] = weights[at] * (!plane ? 1 : highlights ? plane[at] / (1 - highlights * Math.min(1, Math.max(0, plane[at]))) : plane[at]);
      }
    }
    return meanBlocks(samples, wide, tall, factor);
  });
  const grid = { data: means.map(({ data }) => data), width: means[0].width, height: means[0].height };
  return radius <= SHARP_RADIUS_PIXELS ? grid : { ...grid, data: blurByAperture(grid, shape, radius / factor, { start: [left, top], size: [width, height], factor }) };
}

// The light of all levels, where they cover the frame or not, with highlights as they were.
function finishLight({ light, coverage, highlights }) {
  for (const plane of light) {
    for (let i = 0; i < plane.length; i += 1) {
      const value = plane[i] / Math.max(coverage[i], 1e-6);
      plane[i] = highlights ? value / (1 + highlights * value) : value;
    }
  }
  return light;
}

// Radii of the levels: 1, 2, 3, 4, 6, 8, 12, 16 ... up to the largest.
function levelRadii(largest) {
  const radii = [1];
  for (let step = 1; radii.at(-1) < largest; step = 2 ** Math.max(0, Math.floor(Math.log2(radii.at(-1))) - 1)) radii.push(radii.at(-1) + step);
  return radii.length > 1 ? [...radii.slice(0, -1), Math.max(1, largest)] : radii;
}

// The levels of the pixels with positive radii, the smallest first; a pixel between two levels belongs to both in part.
function listLevels(radii, bounds) {
  const levels = [], highest = radii.reduce((most, v) => Math.max(most, v), -Infinity), lowest = radii.reduce((least, v) => Math.min(least, v), Infinity);
  for (let index = 1; index < bounds.length; index += 1) {
    const [before, middle, following] = [bounds[index - 1], bounds[index], bounds[index + 1]];
    if (highest <= before || (following !== undefined && lowest >= following)) continue;
    const first = Math.max(before, SHARP_RADIUS_PIXELS), least = first + EMPTY_WEIGHT * (middle - first), most = following === undefined ? Infinity : following - EMPTY_WEIGHT * (following - middle);
    if (radii.some((v) => v > least && v < most)) levels.push({ radius: middle, weigh: () => radii.map((v) => triangleWeight(v, before, middle, following)) });
  }
  return levels;
}

// 1 at `middle`, 0 at its neighbours; the smallest level begins where a pixel is no longer sharp.
function triangleWeight(radius, before, middle, following) {
  let weight = 1;
  if (middle !== before) {
    const first = Math.max(before, SHARP_RADIUS_PIXELS);
    weight = (radius - first) / (middle - first);
  }
  if (following !== undefined) weight = Math.min(weight, (following - radius) / (following - Math.max(middle, SHARP_RADIUS_PIXELS)));
  return Math.min(1, Math.max(0, weight));
}
