// The box of what differs visibly from a flat background, dust left out, as in the server's composition/visible_bounds.py:
// a white handle on white does not fill the frame.
const MIN_VISIBLE_DIFFERENCE = 8, GRID_SIDE_CELLS = 500, MIN_COMPONENT_SHARE = 0.00004;

// `subject` is an ImageData of the part that is looked at, `colour` [red, green, blue]. Null where nothing differs.
export function visibleBox(subject, colour) {
  const { width, height } = subject, step = Math.max(1, Math.round(Math.max(width, height) / GRID_SIDE_CELLS));
  const columns = Math.ceil(width / step), rows = Math.ceil(height / step), differs = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y += 1) for (let x = 0; x < columns; x += 1) differs[y * columns + x] = isDifferent(subject, colour, x * step, y * step, step) ? 1 : 0;
  const box = [Infinity, Infinity, 0, 0];
  for (let start = 0; start < differs.length; start += 1) {
    if (!differs[start]) continue;
    const component = takeComponent(differs, columns, start);
    if (component.area < MIN_COMPONENT_SHARE * differs.length) continue;
    for (const side of [0, 1]) box[side] = Math.min(box[side], component.box[side]), box[side + 2] = Math.max(box[side + 2], component.box[side + 2]);
  }
  return box[2] ? [box[0] * step, box[1] * step, Math.min(width, box[2] * step), Math.min(height, box[3] * step)] : null;
}

// Whether the mean of a block, flattened onto the colour, differs from it in any channel.
function isDifferent({ data, width, height }, colour, left, top, step) {
  const sums = [0, 0, 0], right = Math.min(width, left + step), bottom = Math.min(height, top + step), count = (right - left) * (bottom - top);
  for (let y = top; y < bottom; y += 1) {
    for (let at = 4 * (y * width + left); at < 4 * (y * width + right); at += 4) {
      const alpha = data[at + 3] / 255;
      for (let channel = 0; channel < 3; channel += 1) sums[channel] += Math.round(alpha * data[at + channel] + (1 - alpha) * colour[channel]);
    }
  }
  return sums.some((sum, channel) => Math.abs(Math.round(sum / count) - colour[channel]) >= MIN_VISIBLE_DIFFERENCE);
}

// The box and area of the component that a cell belongs to, by sides and corners; it is erased.
function takeComponent(mask, width, start) {
  const queue = [start], box = [Infinity, Infinity, 0, 0];
  mask[start] = 0;
  let area = 0;
  while (queue.length) {
    const at = queue.pop(), x = at % width, y = Math.floor(at / width);
    area += 1;
    box[0] = Math.min(box[0], x), box[1] = Math.min(box[1], y), box[2] = Math.max(box[2], x + 1), box[3] = Math.max(box[3], y + 1);
    for (let dy = -1; dy <= 1; dy += 1) {
      for (let dx = -1; dx <= 1; dx += 1) {
        const next = at + dy * width + dx;
        if (x + dx < 0 || x + dx >= width || next < 0 || next >= mask.length || !mask[next]) continue;
        mask[next] = 0;
        queue.push(next);
      }
    }
  }
  return { box, area };
}
