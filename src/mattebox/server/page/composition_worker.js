// The worker that composes, where that takes longer than people wait. Messages are { subject, bitmap, size, effects, maxPixels }: the
// subject's number, and its picture where it is new, else null; the rest is for `composeLayers`. Answers are { result } or
// { error }; the result's canvas is a bitmap.
import { composeLayers } from "./composition.js";
import { createCanvas } from "./decoded_images.js";

let last = { subject: null, canvas: null };

self.onmessage = ({ data: { subject, bitmap, size, effects, maxPixels } }) => {
  try {
    if (bitmap) last = { subject, canvas: toCanvas(bitmap) };
    const { canvas, ...facts } = composeLayers(last.canvas, size, effects, maxPixels), drawn = canvas.transferToImageBitmap();
    self.postMessage({ result: { canvas: drawn, ...facts } }, [drawn]);
  } catch (error) {
    self.postMessage({ error: { name: error.name, message: error.message } });
  }
};

function toCanvas(bitmap) {
  const canvas = createCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}
