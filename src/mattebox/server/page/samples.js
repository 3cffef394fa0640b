// Photographs to try the page with, drawn by ourselves: files of this server, made JPEGs by the browser.
const WIDTH = 1200, HEIGHT = 900, QUALITY = 0.92;

export async function createSample(name, fileName) {
  const image = new Image(WIDTH, HEIGHT);
  image.src = new URL(`sample-${name}.svg`, import.meta.url).href;
  await image.decode();
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  canvas.getContext("2d").drawImage(image, 0, 0, WIDTH, HEIGHT);
  return new File([await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY })], `${fileName}.jpg`, { type: "image/jpeg" });
}
