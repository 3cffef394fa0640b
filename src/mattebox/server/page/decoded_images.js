// Decoded pictures by their URLs, so that they can be drawn at once. Only the last few are held.
const MAX_IMAGES = 4;
const imagesByUrl = new Map(); // URL -> image, or null while it is being decoded

// The picture at a URL; null until it is decoded, which `onReady` tells.
export function decodedImage(url, onReady) {
  if (imagesByUrl.has(url)) {
    const known = imagesByUrl.get(url);
    imagesByUrl.delete(url), imagesByUrl.set(url, known);
    return known;
  }
  imagesByUrl.set(url, null);
  loadImage(url).then((image) => { if (imagesByUrl.has(url)) imagesByUrl.set(url, image); onReady(); }, () => imagesByUrl.delete(url));
  for (const old of imagesByUrl.keys()) if (imagesByUrl.size > MAX_IMAGES) imagesByUrl.delete(old);
  return null;
}

// A promise of the picture at a URL, decoded.
export async function loadImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

export function createCanvas(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d", { willReadFrequently: true }).imageSmoothingQuality = "high"; // pixels are read: no graphics card
  return canvas;
}
