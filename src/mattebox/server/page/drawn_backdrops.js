// Backgrounds that no style sheet has: the studio, and the photograph's own background blurred. They are drawn as canvases to lie behind
// a composition; all are soft, so that what is shown need not be as large.
import { blurLight, drawLight, reduceBackground, reductionFactor } from "./background_blur.js";
import { createCanvas } from "./decoded_images.js";
import { renderStudio } from "./studio.js";

const SHOWN_PIXELS = 600_000, ALL_PIXELS = Infinity;
let last = { key: null, canvas: null }, lastMeans = { key: null, means: null }, lastLight = { key: null, light: null };

// The canvas behind a composition on show, or null where a style sheet does. `background` is { studio } or { blur } in percent; `place` is
// { shape, photograph }, the composition's [width, height] and where the photograph lies on it, see composition.js; `source` is
// { photograph, cutout, key, size, sampled }, see background_blur.js, with a key of the two pictures.
export function backdropOnShow(background, place, source) {
  const key = JSON.stringify([background.studio, background.blur, place.shape, background.blur && [place.photograph, source.key]]);
  if (last.key !== key) last = { key, canvas: drawBackdrop(background, place, source, SHOWN_PIXELS) };
  return last.canvas;
}

// The same in full size.
export function drawBackdrop(background, { shape, photograph }, source, maxPixels = ALL_PIXELS) {
  const reduction = Math.min(1, Math.sqrt(maxPixels / (shape[0] * shape[1]))), size = shape.map((length) => Math.max(1, Math.round(length * reduction)));
  const canvas = createCanvas(...size), context = canvas.getContext("2d");
  if (background.studio) context.putImageData(renderStudio(...size), 0, 0);
  else context.putImageData(drawLight(lightOf(source, background.blur / 100), source.size, photograph, shape, size), 0, 0);
  return canvas;
}

function lightOf({ photograph, cutout, key, size, sampled }, radius) {
  const factor = reductionFactor(size, radius), meansKey = [key, factor, ...size, ...sampled].join(" "), lightKey = `${meansKey} ${radius}`;
  if (lastMeans.key !== meansKey) lastMeans = { key: meansKey, means: reduceBackground(photograph, cutout, size, sampled, factor) };
  if (lastLight.key !== lightKey) lastLight = { key: lightKey, light: blurLight(lastMeans.means, (Math.max(...size) * radius) / factor) };
  return lastLight.light;
}
