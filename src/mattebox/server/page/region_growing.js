// A quick guess of the part that someone means who clicks or draws on it: the connected cells around that are like it.
// It stands in for the server's answer, so it rather takes too little.
const MAX_DISTANCE = 42, MAX_STEP = 22; // of encoded colours, 0 to 441: from the mean of what was marked; from cell to cell
const VISIBLE_ALPHA = 26; // of 255: what is fainter is not there to be removed

// `colours` and `subject` are RGBA of width x height cells, `cells` the marked ones as [x, y]. Returns 1 for each cell of
// the region; of what is there to be removed, or with `isKeeping`, of what is not whole.
export function growRegion(colours, subject, width, height, cells, isKeeping) {
  const isInside = new Uint8Array(width * height), queue = joinCells(cells).map(([x, y]) => y * width + x);
  const mean = [0, 1, 2].map((channel) => queue.reduce((sum, at) => sum + colours[4 * at + channel], 0) / queue.length);
  const distance = (at, red, green, blue) => Math.hypot(colours[4 * at] - red, colours[4 * at + 1] - green, colours[4 * at + 2] - blue);
  const isMeant = (at) => (isKeeping ? subject[4 * at + 3] < 255 : subject[4 * at + 3] > VISIBLE_ALPHA);
  for (const at of queue) isInside[at] = 1;
  while (queue.length) {
    const at = queue.pop(), x = at % width;
    for (const next of [x > 0 ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width]) {
      if (next < 0 || next >= isInside.length || isInside[next] || !isMeant(next)) continue;
      if (distance(next, ...mean) > MAX_DISTANCE || distance(next, colours[4 * at], colours[4 * at + 1], colours[4 * at + 2]) > MAX_STEP) continue;
      isInside[next] = 1;
      queue.push(next);
    }
  }
  return isInside;
}

// The cells along the lines between them, each once.
function joinCells(cells) {
  const joined = new Map();
  cells.forEach(([x, y], i) => {
    const [fromX, fromY] = cells[Math.max(0, i - 1)], steps = Math.max(1, Math.abs(x - fromX), Math.abs(y - fromY));
    for (let step = 0; step <= steps; step += 1) {
      const cell = [Math.round(fromX + ((x - fromX) * step) / steps), Math.round(fromY + ((y - fromY) * step) / steps)];
      joined.set(cell.join(), cell);
    }
  });
  return [...joined.values()];
}
