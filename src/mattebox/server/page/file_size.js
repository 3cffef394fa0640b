// The size of a file that is not made yet: what is shown is encoded here, at its own size, and counted by area.
import { backdropOf } from "./backdrops.js";
import { isDeviceFormat } from "./device_formats.js";
import { drawFile } from "./device_results.js";
import { createCanvas } from "./decoded_images.js";
import { encodeFile } from "./file_drawing.js";
import { settingsOf } from "./settings.js";

const PAUSE_MS = 150; // after the last change
let last = { key: null, bytes: null }, timer = 0;

// About how many bytes an item's file will have, from the result on show; null where that is not known (yet), which
// `onReady` tells. `isComposed` says that the result is a cutout, and the rest drawn by the page.
export function estimateFileSize(item, result, isComposed, onReady) {
  const settings = settingsOf(item), format = settings.get("format");
  if (!isDeviceFormat(format)) return null; // browsers do not write it
  const key = JSON.stringify([result.requestId, [...settings.entries()]]);
  if (last.key === key) return last.bytes;
  const entry = (last = { key, bytes: null });
  clearTimeout(timer);
  timer = setTimeout(async () => {
    entry.bytes = await measure(item, result, isComposed, settings).catch((error) => (console.info(`no size: ${error.message}`), null));
    if (last === entry && entry.bytes) onReady();
  }, PAUSE_MS);
  return null;
}

async function measure(item, result, isComposed, settings) {
  const bitmap = await createImageBitmap(result.blob), shown = createCanvas(bitmap.width, bitmap.height);
  shown.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  const { canvas, size } = isComposed ? await drawFile({ canvas: shown, size: [result.width, result.height] }, item, settings, backdropOf(settings)) : { canvas: shown, size: [result.width, result.height] };
  const blob = await encodeFile(canvas, settings.get("format"), Number(settings.get("quality")) / 100);
  return (blob.size * size[0] * size[1]) / (canvas.width * canvas.height);
}
