// Results: which of them are doubtful, and their export as a file, all of them as a ZIP, to the clipboard, or by drag and drop.
import { text } from "./strings.js";
import { createZip } from "./zip.js";

const EXTENSION_BY_MIME = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/avif": "avif",
  "image/vnd.adobe.photoshop": "psd", "application/zip": "zip" };
const MAX_ZIP_BYTES = 2 ** 32 - 2 ** 24; // of a plain ZIP, less space for its directory
const REVIEW_PERCENT = 60; // confidence under which a person should look
export const INTERNAL_DRAG_TYPE = "application/x-mattebox"; // marks drags that begin on this page

// Whether a person should look at a result, as in the command line.
export const isDoubtful = (result) => Boolean(result) && result.confidence !== null && (!result.isFound || result.confidence < REVIEW_PERCENT);

export const resultFileName = (item, result) => `${item.name}-${result.isCutout ? "cut" : "enhanced"}.${EXTENSION_BY_MIME[result.blob.type] ?? "png"}`;

export function downloadBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// `entries` are [{ item, result }]. Names are made unique. Results are not copied: the ZIP refers to them. Throws a
// RangeError when they are too large together.
export async function downloadZip(entries) {
  if (entries.reduce((sum, { result }) => sum + result.blob.size, 0) > MAX_ZIP_BYTES) throw new RangeError(text.zipTooLarge);
  const nameCounts = new Map();
  const zipEntries = entries.map(({ item, result }) => {
    const name = resultFileName(item, result), count = nameCounts.get(name) ?? 0;
    nameCounts.set(name, count + 1);
    return { name: count ? name.replace(/(\.\w+)$/, `-${count + 1}$1`) : name, blob: result.blob };
  });
  downloadBlob(await createZip(zipEntries), text.zipName(zipEntries.length));
}

// Takes the promise of a blob, because the browser allows the clipboard only while the user's click is being handled.
// Rejects where the browser cannot copy pictures.
export function copyToClipboard(blob) {
  return navigator.clipboard.write([new ClipboardItem({ "image/png": blob.then(toPng) })]);
}

async function toPng(blob) {
  if (blob.type === "image/png") return blob;
  const bitmap = await createImageBitmap(blob), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

export const toFile = (item, result) => new File([result.blob], resultFileName(item, result), { type: result.blob.type });

// Lets a drag carry the result as a file, to the desktop or into another page.
export function setDragData(event, item, result) {
  const name = resultFileName(item, result), transfer = event.dataTransfer;
  transfer.effectAllowed = "copy";
  transfer.setData("DownloadURL", `${result.blob.type}:${name}:${result.url}`);
  transfer.setData(INTERNAL_DRAG_TYPE, name);
  transfer.items.add(toFile(item, result));
}
