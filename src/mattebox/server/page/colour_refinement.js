// From the network's matte to one at full size that follows the photograph's edges, and to the subject's own colours
// along them: mattebox's pixel kernels, called as in Python (matting/colour_refinement.py, auto_refinement.py,
// foreground.py). Pixels are { data, width, height, channels: 4 }, planes { data: Float32Array 0..1, width, height }.
import { runKernel } from "./inference_runtime.js";
import { stretchLevels } from "./matte_cleanup.js";
import { createPlane, round } from "./planes.js";
import { averageBlocks, resize, shrink } from "./resampling.js";

const LIKELIHOOD_POWER = 0.8, FINE_LIKELIHOOD_POWER = 0.5;
const MODEL_PLANES = 30, COLOUR_PLANES = 6;
const ALPHA_CLIP_MARGIN = 0.1, KNOWN_ALPHA_MARGIN = 0.1;
const MAX_CRISP_SOFTNESS = 1.8; // uncertain samples of the matte for each sample of outline: above, edges are soft
const MIN_STEP_PIXELS = 3; // pixels for each sample of the matte; below, one pass is enough
const TILE_SIDE_PIXELS = 256, FOREGROUND_GRID_CELLS = 350;

// The matte at the photograph's size: Uint8Array of alpha 0..255.
export function refineMatte(pixels, matte) {
  return edgeSoftness(matte) > MAX_CRISP_SOFTNESS ? refine(pixels, matte, false) : refineInTwoPasses(pixels, matte);
}

async function refineInTwoPasses(pixels, matte) {
  const { step } = gridScales(pixels, matte, true);
  if (step < MIN_STEP_PIXELS) return refine(pixels, matte, false);
  const factor = Math.max(2, round(step / 2)), size = [Math.ceil(pixels.width / factor), Math.ceil(pixels.height / factor)];
  const reduced = shrink(pixels, size), alpha = await refine(reduced, matte, true);
  return refine(pixels, { data: Float32Array.from(alpha, (v) => v / 255), width: size[0], height: size[1] }, true);
}

async function refine(pixels, matte, isFine) {
  const { factor, step } = gridScales(pixels, matte, isFine), grid = { width: Math.ceil(pixels.width / step), height: Math.ceil(pixels.height / step) };
  const guide = toPlanes(averageBlocks(pixels, factor, factor, 3)), coarse = resampleToGrid(matte, pixels, grid, step);
  const output = await runKernel(step === factor ? "robust_models" : "robust_models_half", { guide: [guide.data, [1, 3, guide.height, guide.width]], alpha: [coarse.data, [1, 1, grid.height, grid.width]], power: [Float32Array.of(isFine ? FINE_LIKELIHOOD_POWER : LIKELIHOOD_POWER), [1]] });
  const models = padPlanes(output.data, MODEL_PLANES, grid), clipped = stretchLevels(matte.data, ALPHA_CLIP_MARGIN);
  const alpha = resize({ data: Uint8Array.from(clipped, (v) => round(255 * v)), width: matte.width, height: matte.height, channels: 1 }, [pixels.width, pixels.height], "bicubic").data;
  for (const tile of listTiles(pixels, step)) {
    if (!hasPartialAlpha(alpha, pixels.width, tile)) continue;
    const patch = patchOf(models, MODEL_PLANES, tile);
    const shape = [1, tile.height, tile.width];
    const result = await runKernel("decide", { tile: [tileColours(pixels, tile), [...shape, 3]], prior: [tileAlpha(alpha, pixels, tile), shape], patch: [patch.data, patch.shape] });
    writeTile(tile, pixels, (at, i) => { alpha[at] = round(255 * result.data[i]); });
  }
  return alpha;
}

// Replaces the colours of partly transparent pixels by the subject's own, in place; and writes alpha.
export async function applyForeground(pixels, alpha) {
  const { data, width, height } = pixels, step = Math.max(1, round(Math.max(width, height) / FOREGROUND_GRID_CELLS)), grid = { width: Math.ceil(width / step), height: Math.ceil(height / step) };
  const tiles = listTiles(pixels, step).filter((tile) => hasPartialAlpha(alpha, width, tile));
  if (tiles.length) {
    const guide = toPlanes(averageBlocks(pixels, step, step, 3)), means = averageBlocks({ data: alpha, width, height, channels: 1 }, step, step);
    const output = await runKernel("fuse", { guide: [guide.data, [1, 3, grid.height, grid.width]], alpha: [Float32Array.from(means.data, (v) => v / 255), [1, 1, grid.height, grid.width]] });
    const colours = padPlanes(output.data, COLOUR_PLANES, grid);
    for (const tile of tiles) {
      const patch = patchOf(colours, COLOUR_PLANES, tile), shape = [1, tile.height, tile.width];
      const result = await runKernel("unmix", { tile: [tileColours(pixels, tile), [...shape, 3]], alpha: [tileAlpha(alpha, pixels, tile), shape], patch: [patch.data, patch.shape] });
      writeTile(tile, pixels, (at, i) => {
        if (alpha[at] > 0 && alpha[at] < 255) for (let channel = 0; channel < 3; channel += 1) data[4 * at + channel] = round(255 * result.data[3 * i + channel]);
      });
    }
  }
  for (let i = 0; i < alpha.length; i += 1) data[4 * i + 3] = alpha[i];
}

// Uncertain samples of the matte for each sample of its outline.
function edgeSoftness({ data, width, height }) {
  let outline = 0, uncertain = 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (data[i] > KNOWN_ALPHA_MARGIN && data[i] < 1 - KNOWN_ALPHA_MARGIN) uncertain += 1;
      if (x + 1 < width && data[i] > 0.5 !== data[i + 1] > 0.5) outline += 1;
      if (y + 1 < height && data[i] > 0.5 !== data[i + width] > 0.5) outline += 1;
    }
  }
  return outline ? uncertain / outline : 0;
}

// By how much the guide is reduced, and the pixels for each cell of the grid of models.
function gridScales(pixels, matte, isFine) {
  const sample = Math.min(pixels.width / matte.width, pixels.height / matte.height), step = isFine ? Math.max(1, Math.floor(sample + 0.05)) : Math.floor(sample) + 1;
  return { factor: step % 2 ? step : step / 2, step };
}

// Bilinear values of a coarse plane at the centres of the grid's cells.
function resampleToGrid(plane, pixels, grid, step) {
  const columns = gridPositions(grid.width, step, pixels.width, plane.width), rows = gridPositions(grid.height, step, pixels.height, plane.height), result = createPlane(grid.width, grid.height);
  rows.forEach(([top, bottom, down], y) => columns.forEach(([left, right, across], x) => {
    const at = (row, column) => plane.data[row * plane.width + column];
    result.data[y * grid.width + x] = (at(top, left) * (1 - down) + at(bottom, left) * down) * (1 - across) + (at(top, right) * (1 - down) + at(bottom, right) * down) * across;
  }));
  return result;
}

function gridPositions(cells, step, side, samples) {
  return Array.from({ length: cells }, (_, i) => {
    const position = Math.min(samples - 1, Math.max(0, ((i + 0.5) * step * samples) / side - 0.5)), low = Math.floor(position);
    return [low, Math.min(low + 1, samples - 1), position - low];
  });
}

// Rows of colours as three planes 0..1.
function toPlanes({ data, width, height }) {
  const area = width * height, planes = new Float32Array(3 * area);
  for (let i = 0; i < area; i += 1) for (let channel = 0; channel < 3; channel += 1) planes[channel * area + i] = data[3 * i + channel] / 255;
  return { data: planes, width, height };
}

// The first `count` planes of a grid with one more cell on every side, edges repeated.
function padPlanes(data, count, { width, height }) {
  const wide = width + 2, tall = height + 2, padded = new Float32Array(count * wide * tall), clamp = (v, most) => Math.min(most, Math.max(0, v));
  for (let plane = 0; plane < count; plane += 1) {
    for (let y = 0; y < tall; y += 1) {
      const from = plane * width * height + clamp(y - 1, height - 1) * width, to = (plane * tall + y) * wide;
      for (let x = 0; x < wide; x += 1) padded[to + x] = data[from + clamp(x - 1, width - 1)];
    }
  }
  return { data: padded, width: wide, height: tall };
}

// Tiles of whole cells: { left, top, right, bottom } in pixels, { width, height } with the cells filled, { column, row } and
// { columns, rows } of the padded grid.
function listTiles({ width, height }, step) {
  const cells = Math.max(1, Math.floor(TILE_SIDE_PIXELS / step)), across = Math.ceil(width / step), down = Math.ceil(height / step), tiles = [];
  for (let row = 0; row < down; row += cells) {
    for (let column = 0; column < across; column += cells) {
      const columns = Math.min(cells, across - column), rows = Math.min(cells, down - row);
      tiles.push({ left: column * step, top: row * step, right: Math.min(width, (column + columns) * step), bottom: Math.min(height, (row + rows) * step),
        width: columns * step, height: rows * step, column, row, columns: columns + 2, rows: rows + 2 });
    }
  }
  return tiles;
}

function patchOf(planes, count, { column, row, columns, rows }) {
  const data = new Float32Array(count * rows * columns);
  for (let plane = 0, to = 0; plane < count; plane += 1) {
    for (let y = 0; y < rows; y += 1, to += columns) {
      const from = (plane * planes.height + row + y) * planes.width + column;
      data.set(planes.data.subarray(from, from + columns), to);
    }
  }
  return { data, shape: [1, count, rows, columns] };
}

function hasPartialAlpha(alpha, width, { left, top, right, bottom }) {
  for (let y = top; y < bottom; y += 1) for (let at = y * width + left, end = y * width + right; at < end; at += 1) if (alpha[at] > 0 && alpha[at] < 255) return true;
  return false;
}

// Edges are repeated to whole cells.
function readTile(tile, { width }, read) {
  for (let y = 0, i = 0; y < tile.height; y += 1) {
    const row = Math.min(tile.top + y, tile.bottom - 1) * width;
    for (let x = 0; x < tile.width; x += 1, i += 1) read(row + Math.min(tile.left + x, tile.right - 1), i);
  }
}

function tileColours(pixels, tile) {
  const { data, channels } = pixels, colours = new Float32Array(3 * tile.width * tile.height);
  readTile(tile, pixels, (at, i) => { for (let channel = 0; channel < 3; channel += 1) colours[3 * i + channel] = data[channels * at + channel] / 255; });
  return colours;
}

function tileAlpha(alpha, pixels, tile) {
  const values = new Float32Array(tile.width * tile.height);
  readTile(tile, pixels, (at, i) => { values[i] = alpha[at] / 255; });
  return values;
}

function writeTile(tile, { width }, write) {
  for (let y = tile.top; y < tile.bottom; y += 1) for (let x = tile.left; x < tile.right; x += 1) write(y * width + x, (y - tile.top) * tile.width + x - tile.left);
}
