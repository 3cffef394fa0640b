// Photographs that are too large for the server, made smaller here.
import { createCanvas } from "./decoded_images.js";
import { withExifOf } from "./exif.js";

const MAX_PIXELS = 24_000_000, STEP = 0.7; // of the sides of one that has no more, and is still too large
const MAX_TIMES = 3, QUALITY = 0.92;
const CODES = ["image_too_large", "upload_too_large", "cut_off"];

// Whether a smaller photograph may help where the server has refused one.
export const canShrink = (item, code) => CODES.includes(code) && (item.shrinkCount ?? 0) < MAX_TIMES;

// Puts a smaller copy in the place of an item's file; false where this browser cannot decode it.
export async function shrinkPhotograph(item) {
  const file = await shrinkFile(item.file).catch(() => null);
  if (!file) return false;
  URL.revokeObjectURL(item.originalUrl);
  Object.assign(item, { file, originalUrl: URL.createObjectURL(file), photographId: null, isTooLargeToKeep: false, shrinkCount: (item.shrinkCount ?? 0) + 1 });
  return true;
}

async function shrinkFile(file) {
  const bitmap = await createImageBitmap(file), pixels = bitmap.width * bitmap.height, scale = pixels > MAX_PIXELS ? Math.sqrt(MAX_PIXELS / pixels) : STEP;
  const canvas = createCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const type = /png|webp|avif|gif/.test(file.type) ? "image/webp" : "image/jpeg"; // what may be transparent stays so
  const blob = await withExifOf(file, await canvas.convertToBlob({ type, quality: QUALITY }));
  return new File([blob], file.name, { type: blob.type });
}
