// The file formats that this browser writes, found out by trying.
export const MIME_BY_FORMAT = { auto: "image/png", png: "image/png", jpg: "image/jpeg", webp: "image/webp", avif: "image/avif" };
const written = new Set(["auto", "png", "jpg"]); // by every browser

export const isDeviceFormat = (format) => written.has(format);

// `onFound` is called when it is known what else is written.
export async function findDeviceFormats(onFound) {
  if (typeof OffscreenCanvas !== "function") return;
  for (const format of ["webp", "avif"]) {
    const canvas = new OffscreenCanvas(1, 1), type = MIME_BY_FORMAT[format];
    canvas.getContext("2d");
    if ((await canvas.convertToBlob({ type })).type === type) written.add(format);
  }
  onFound();
}
