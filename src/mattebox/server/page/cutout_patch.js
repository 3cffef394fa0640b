// A cutout, with those of its tiles that the server has changed.
import { createCanvas } from "./decoded_images.js";

// `former` is the PNG of the cutout, `patch` one of the same size with the new tiles, which are `tiles`, counted row by row,
// with `side` pixels. Returns the PNG of the new cutout.
export async function applyPatch(former, patch, { side, tiles }) {
  if (!tiles.length) return former;
  const [old, changed] = await Promise.all([createImageBitmap(former), createImageBitmap(patch)]);
  const canvas = createCanvas(old.width, old.height), context = canvas.getContext("2d"), columns = Math.ceil(old.width / side);
  context.drawImage(old, 0, 0);
  for (const number of tiles) {
    const left = (number % columns) * side, top = Math.floor(number / columns) * side, width = Math.min(side, old.width - left), height = Math.min(side, old.height - top);
    context.clearRect(left, top, width, height);
    context.drawImage(changed, left, top, width, height, left, top, width, height);
  }
  old.close(), changed.close();
  return canvas.convertToBlob();
}
