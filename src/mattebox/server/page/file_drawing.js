// Backgrounds drawn into a canvas as the page shows them in CSS, and canvases encoded as files.
import { ApiError } from "./api.js";
import { coverWith } from "./covering.js";
import { MIME_BY_FORMAT } from "./device_formats.js";
import { drawBackdrop } from "./drawn_backdrops.js";
import { text } from "./strings.js";

// `background` is that of request.js; `picture` is a file, or null; `source` is the photograph, see drawn_backdrops.js, and `photograph` where
// it lies on the canvas, see composition.js.
export async function drawBackground(context, background, { picture, source, photograph }) {
  const { width, height } = context.canvas, { paint } = background;
  if (background.picture) return drawCovering(context, await createImageBitmap(picture));
  if (background.blur || background.studio) return context.drawImage(drawBackdrop(background, { shape: [width, height], photograph }, source), 0, 0);
  if (!paint) return undefined;
  context.fillStyle = paint.startsWith("linear-gradient") ? createGradient(context, paint) : paint;
  return context.fillRect(0, 0, width, height);
}

// Throws an ApiError where the browser cannot write the format.
export async function encodeFile(canvas, format, quality) {
  const type = MIME_BY_FORMAT[format], blob = await canvas.convertToBlob({ type, quality });
  if (blob.type !== type) throw new ApiError(...text.deviceProblems.format_here, "format_here");
  return blob;
}

function drawCovering(context, bitmap) {
  context.putImageData(coverWith(bitmap, [context.canvas.width, context.canvas.height]), 0, 0);
  bitmap.close();
}

// A CSS gradient "linear-gradient(ANGLEdeg, #rrggbb, #rrggbb)" over the canvas.
function createGradient(context, css) {
  const { width, height } = context.canvas, angle = (parseFloat(/([\d.]+)deg/.exec(css)[1]) * Math.PI) / 180, colours = css.match(/#[0-9a-f]{6}/gi);
  const [across, up] = [Math.sin(angle), Math.cos(angle)], half = (Math.abs(width * across) + Math.abs(height * up)) / 2;
  const gradient = context.createLinearGradient(width / 2 - across * half, height / 2 + up * half, width / 2 + across * half, height / 2 - up * half);
  colours.forEach((colour, i) => gradient.addColorStop(i / (colours.length - 1), colour));
  return gradient;
}
