// A picture that covers a canvas, centred, with the server's arithmetic (composition/backdrop.py).
import { createCanvas } from "./decoded_images.js";
import { cropAndResize } from "./resampling.js";

// An ImageData of [width, height]; `bitmap` is never stretched, and white where it is transparent.
export function coverWith(bitmap, [width, height]) {
  const { width: wide, height: tall } = bitmap, context = createCanvas(wide, tall).getContext("2d"), scale = Math.max(width / wide, height / tall);
  context.fillStyle = "white";
  context.fillRect(0, 0, wide, tall);
  context.drawImage(bitmap, 0, 0);
  const left = (wide - width / scale) / 2, top = (tall - height / scale) / 2, whole = [0, 0, wide, tall];
  return cropAndResize(context.getImageData(...whole), [left, top, left + width / scale, top + height / scale], [width, height], whole);
}
