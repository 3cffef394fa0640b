// Backgrounds drawn into a canvas as the page shows them in CSS, and canvases encoded as files.
import { ApiError } from "./api.js";
import { renderBlurredBackground } from "./background_blur.js";
import { createCanvas } from "./decoded_images.js";
import { MIME_BY_FORMAT } from "./device_formats.js";
import { text } from "./strings.js";

const SUBJECT_SIDE_PIXELS = 1200; // of the cutout by which the blurred background is made

// `background` is that of request.js, with the `file` of a picture; `photographUrl` and `subject`, a canvas, are for a blurred one.
export async function drawBackground(context, { paint = null, picture = null, blur = null }, { file, photographUrl, subject }) {
  if (picture) return drawCovering(context, await createImageBitmap(file));
  if (blur) return drawCovering(context, await createImageBitmap(await blurBehind(photographUrl, subject, blur)));
  if (!paint) return undefined;
  context.fillStyle = paint.startsWith("linear-gradient") ? createGradient(context, paint) : paint;
  return context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

// Throws an ApiError where the browser cannot write the format.
export async function encodeFile(canvas, format, quality) {
  const type = MIME_BY_FORMAT[format], blob = await canvas.convertToBlob({ type, quality });
  if (blob.type !== type) throw new ApiError(...text.deviceProblems.format_here, "format_here");
  return blob;
}

// As large as covers the canvas, centred.
function drawCovering(context, bitmap) {
  const { width, height } = context.canvas, scale = Math.max(width / bitmap.width, height / bitmap.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (width - bitmap.width * scale) / 2, (height - bitmap.height * scale) / 2, bitmap.width * scale, bitmap.height * scale);
  bitmap.close();
}

async function blurBehind(photographUrl, subject, percent) {
  const scale = Math.min(1, SUBJECT_SIDE_PIXELS / Math.max(subject.width, subject.height));
  const small = createCanvas(Math.max(1, Math.round(subject.width * scale)), Math.max(1, Math.round(subject.height * scale)));
  small.getContext("2d").drawImage(subject, 0, 0, small.width, small.height);
  const url = URL.createObjectURL(await small.convertToBlob());
  try {
    return await renderBlurredBackground(photographUrl, { url, width: subject.width, height: subject.height }, percent / 100);
  } finally {
    URL.revokeObjectURL(url);
  }
}

// A CSS gradient "linear-gradient(ANGLEdeg, #rrggbb, #rrggbb)" over the canvas.
function createGradient(context, css) {
  const { width, height } = context.canvas, angle = (parseFloat(/([\d.]+)deg/.exec(css)[1]) * Math.PI) / 180, colours = css.match(/#[0-9a-f]{6}/gi);
  const [across, up] = [Math.sin(angle), Math.cos(angle)], half = (Math.abs(width * across) + Math.abs(height * up)) / 2;
  const gradient = context.createLinearGradient(width / 2 - across * half, height / 2 + up * half, width / 2 + across * half, height / 2 - up * half);
  colours.forEach((colour, i) => gradient.addColorStop(i / (colours.length - 1), colour));
  return gradient;
}
