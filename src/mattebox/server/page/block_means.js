// Float planes on reduced grids, as in the server's core/block_means.py: means of square blocks, and back by linear
// interpolation between the centres of blocks.

// Means of factor x factor blocks; those at the end count their own samples only.
export function meanBlocks(plane, width, height, factor) {
  if (factor === 1) return { data: plane, width, height };
  const columns = Math.ceil(width / factor), rows = Math.ceil(height / factor), data = new Float32Array(columns * rows);
  for (let y = 0; y < height; y += 1) {
    const to = Math.floor(y / factor) * columns, from = y * width;
    for (let column = 0, x = 0; column < columns; column += 1) {
      let sum = 0;
      for (const stop = Math.min(width, x + factor); x < stop; x += 1) sum += plane[from + x];
      data[to + column] += sum;
    }
  }
  for (let row = 0; row < rows; row += 1) {
    const tall = Math.min(factor, height - row * factor);
    for (let column = 0; column < columns; column += 1) data[row * columns + column] /= tall * Math.min(factor, width - column * factor);
  }
  return { data, width: columns, height: rows };
}

// Calls `write(y, line)` for each row of a plane of block means, enlarged to width x height; the line is used again.
export function enlargeBlocks({ data, width: columns, height: rows }, factor, width, height, write) {
  const across = listNeighbours(columns, factor, width), line = new Float32Array(width);
  for (let y = 0; y < height; y += 1) {
    const [upper, lower, share] = neighbours((y + 0.5) / factor - 0.5, rows), above = upper * columns, below = lower * columns;
    if (factor === 1) line.set(data.subarray(y * columns, y * columns + width));
    else {
      for (let x = 0; x < width; x += 1) {
        const left = across.left[x], right = across.right[x], by = across.share[x];
        const first = data[above + left] + (data[above + right] - data[above + left]) * by, second = data[below + left] + (data[below + right] - data[below + left]) * by;
        line[x] = first + (second - first) * share;
      }
    }
    write(y, line);
  }
}

function neighbours(position, count) {
  const clipped = Math.min(count - 1, Math.max(0, position)), lower = Math.floor(clipped);
  return [lower, Math.min(lower + 1, count - 1), clipped - lower];
}

function listNeighbours(count, factor, length) {
  const found = Array.from({ length }, (_, i) => neighbours((i + 0.5) / factor - 0.5, count));
  return { left: Int32Array.from(found, ([v]) => v), right: Int32Array.from(found, ([, v]) => v), share: Float32Array.from(found, ([, , v]) => v) };
}
