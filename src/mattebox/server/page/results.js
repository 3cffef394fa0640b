// Results out: one file, all as a ZIP, the clipboard, another application. Knows blobs and names.
import { text } from "/page/strings.js";
import { zip } from "/page/zip.js";

const SUFFIX = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/avif": "avif", "image/vnd.adobe.photoshop": "psd",
  "application/zip": "zip" };
const MOST = 2 ** 32 - 2 ** 24; // bytes that a plain ZIP holds, with room for its directory

export const named = (item, made) => `${item.name}-${made.cut ? "cut" : "enhanced"}.${SUFFIX[made.blob.type] ?? "png"}`;

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// [{ item, made }]: each under a name of its own. The results are not copied: the ZIP refers to them. RangeError when
// they are too large together.
export async function saveAll(done) {
  if (done.reduce((sum, { made }) => sum + made.blob.size, 0) > MOST) throw new RangeError(text.zipTooLarge);
  const seen = new Map();
  const entries = done.map(({ item, made }) => {
    const name = named(item, made), count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return { name: count ? name.replace(/(\.\w+)$/, `-${count + 1}$1`) : name, blob: made.blob };
  });
  save(await zip(entries), text.zipName(entries.length));
}

// Called at once while the user's click counts; the picture may come later. Rejects where the browser cannot.
export function copy(blob) {
  return navigator.clipboard.write([new ClipboardItem({ "image/png": blob.then(png) })]);
}

async function png(blob) {
  if (blob.type === "image/png") return blob;
  const bitmap = await createImageBitmap(blob), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

export const file = (item, made) => new File([made.blob], named(item, made), { type: made.blob.type });

// A drag that began on a result carries it as a file: to the desktop, or into another page.
export function dragged(event, item, made) {
  const name = named(item, made), transfer = event.dataTransfer;
  transfer.effectAllowed = "copy";
  transfer.setData("DownloadURL", `${made.blob.type}:${name}:${made.url}`);
  transfer.setData("application/x-mattebox", name); // so that our own page does not take it in again
  transfer.items.add(file(item, made));
}
