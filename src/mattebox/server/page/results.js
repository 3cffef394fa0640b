// Results out: one file, all as a ZIP, or the clipboard. Knows blobs and names.
import { zip } from "/page/zip.js";

const SUFFIX = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/avif": "avif", "application/zip": "zip" };

export const named = (item) => `${item.name}-${item.cut ? "cut" : "enhanced"}.${SUFFIX[item.blob.type] ?? "png"}`;

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function saveAll(items) {
  const seen = new Map();
  const entries = items.filter((i) => i.blob).map((item) => {
    const name = named(item), count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return { name: count ? name.replace(/(\.\w+)$/, `-${count + 1}$1`) : name, blob: item.blob };
  });
  save(await zip(entries), "mattebox.zip");
}

// Rejects where the browser cannot.
export async function copy(blob) {
  const bitmap = await createImageBitmap(blob), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  const png = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}
