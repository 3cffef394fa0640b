// The viewer of one photograph: before and after, zoom and pan.
import { byId } from "./dom.js";

const MAX_SCALE = 32; // CSS pixels per pixel of the photograph
const OVERSCROLL_SHARE = 0.4; // of the frame: how far a zoomed picture may be moved past its edges
const FRAME_PADDING = 24;
const WHOLE = { left: 0, top: 0, width: 1, height: 1 };
const viewport = { scale: 1, x: 0, y: 0, isFitted: true };
let showsOriginal = false, canCompare = false, placement = null, nominalSize = null, onScaled = () => {}, isToolActive = () => false;

// `scaleListener` receives the screen's pixels per pixel of the photograph whenever it is drawn; `toolTest` tells whether a
// tool is active, which takes the place of the line between before and after.
export function initViewer(scaleListener, toolTest) {
  [onScaled, isToolActive] = [scaleListener, toolTest];
  byId("slider").addEventListener("input", layout);
  for (const name of ["after", "before"]) byId(name).addEventListener("load", () => onImageResized(viewport.isFitted));
  new ResizeObserver(() => (viewport.isFitted ? fit() : layout())).observe(byId("frame"));
  byId("in").addEventListener("click", () => zoom(1.5));
  byId("out").addEventListener("click", () => zoom(1 / 1.5));
  byId("fit").addEventListener("click", fit);
  byId("actual").addEventListener("click", zoomToActualSize);
  byId("original").addEventListener("click", () => show({ original: !showsOriginal }));
}

// Changes what is shown: the URLs `before` and `after`, the `size` that the latter stands for (null for its own), a canvas
// `composed` in its place (null for none), the `placement` of the photograph on it as { left, top, width, height } in shares
// (null where it covers all, or it is not known), its `background` and `filter`, and whether only the `original` is shown.
// What is left out stays.
export function show(layers) {
  for (const name of ["before", "after"]) if (layers[name] && byId(name).getAttribute("src") !== layers[name]) byId(name).src = layers[name];
  if ("size" in layers) nominalSize = layers.size;
  if ("placement" in layers) placement = layers.placement;
  if ("composed" in layers) drawComposed(layers.composed);
  if ("filter" in layers) byId("after").style.filter = byId("composed").style.filter = layers.filter;
  if ("background" in layers) drawBackground(layers.background);
  if ("original" in layers) showsOriginal = layers.original;
  byId("original").setAttribute("aria-pressed", String(showsOriginal));
  onImageResized(viewport.isFitted);
}

// For another photograph.
export function resetView() {
  byId("slider").value = "0";
  showsOriginal = false;
  viewport.isFitted = true;
}

// Sweeps once from the photograph to the result.
export function reveal() {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || !canCompare || showsOriginal || byId("slider").value !== "0") return;
  const startedAt = performance.now();
  const animate = (now) => {
    const left = 1 - Math.min(1, (now - startedAt) / 700), share = left ** 3;
    if (document.activeElement === byId("slider") || byId("frame").dataset.drag) return layout();
    drawSplit(100 * share);
    if (left > 0) requestAnimationFrame(animate);
  };
  drawSplit(100);
  requestAnimationFrame(animate);
}

// The natural size of what is shown; null while nothing is.
export function imageSize() {
  const image = showsOriginal && !canCompare ? byId("before") : byId("after");
  if (image === byId("after") && nominalSize && image.naturalWidth) return nominalSize;
  return image.naturalWidth ? [image.naturalWidth, image.naturalHeight] : null;
}

function drawComposed(canvas) {
  drawCanvas(byId("composed"), canvas);
  byId("sheet").classList.toggle("has-composed", Boolean(canvas));
}

// Draws a picture into a canvas of the document, or hides it.
function drawCanvas(element, picture) {
  element.hidden = !picture;
  if (!picture) return;
  if (element.width !== picture.width || element.height !== picture.height) Object.assign(element, { width: picture.width, height: picture.height });
  const context = element.getContext("2d");
  context.globalCompositeOperation = "copy";
  context.drawImage(picture, 0, 0);
}

// What lies behind: a `paint` or `picture` of the style sheet, or a `canvas`; the photograph, roughly blurred, while there is none.
// With `ghost` it shines through, so that what was removed can be pointed at.
function drawBackground({ paint = null, picture = null, canvas = null, blur = null, ghost = false }) {
  const blurred = byId("blurred");
  drawCanvas(byId("drawn-behind"), canvas);
  byId("behind").style.background = picture ? `url("${picture}") center / cover` : (paint ?? "none");
  blurred.hidden = (blur === null || Boolean(canvas)) && !ghost;
  blurred.classList.toggle("ghost", ghost);
  if (blurred.hidden) return;
  if (blurred.src !== byId("before").src) blurred.src = byId("before").src;
  blurred.dataset.blur = blur;
}

// ---- layout

function onImageResized(refit) {
  const before = byId("before"), after = byId("after");
  const [width, height] = nominalSize ?? [after.naturalWidth, after.naturalHeight];
  canCompare = Boolean(before.naturalWidth && after.naturalWidth)
    && (Boolean(placement) || Math.abs((width * before.naturalHeight) / (height * before.naturalWidth) - 1) < 0.01);
  const sizeKey = imageSize()?.join(" ");
  const isOther = sizeKey !== viewport.sizeKey;
  viewport.sizeKey = sizeKey;
  if (refit || isOther) fit();
  else layout();
}

const pixelRatio = () => window.devicePixelRatio || 1;
const frameSize = () => [byId("frame").clientWidth, byId("frame").clientHeight];

function fitScale() {
  const [width, height] = imageSize() ?? [1, 1], [frameWidth, frameHeight] = frameSize();
  return Math.min((frameWidth - FRAME_PADDING) / width, (frameHeight - FRAME_PADDING) / height, 8);
}

export function fit() {
  viewport.scale = fitScale();
  viewport.isFitted = true;
  layout();
}

export function zoomToActualSize() {
  zoom(1 / pixelRatio() / viewport.scale);
}

// Zooms about a point of the frame, by default its centre.
export function zoom(factor, at = frameSize().map((length) => length / 2)) {
  const minScale = Math.min(fitScale(), 1 / pixelRatio()), scale = Math.min(MAX_SCALE, Math.max(minScale, viewport.scale * factor));
  viewport.x = at[0] - ((at[0] - viewport.x) * scale) / viewport.scale;
  viewport.y = at[1] - ((at[1] - viewport.y) * scale) / viewport.scale;
  viewport.scale = scale;
  viewport.isFitted = scale <= minScale && minScale === fitScale();
  layout();
}

// Positions everything. A fitted picture is centred; a zoomed one may be moved past its edges a little.
function layout() {
  const pixelSize = imageSize();
  if (!pixelSize) return;
  const frame = frameSize(), [width, height] = pixelSize.map((length) => length * viewport.scale), [frameWidth, frameHeight] = frame;
  viewport.x = viewport.isFitted ? (frameWidth - width) / 2 : clampOffset(viewport.x, frameWidth - width, frameWidth);
  viewport.y = viewport.isFitted ? (frameHeight - height) / 2 : clampOffset(viewport.y, frameHeight - height, frameHeight);
  const sheet = byId("sheet"), blurred = byId("blurred");
  Object.assign(sheet.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${snap(viewport.x, "left")}px, ${snap(viewport.y, "top")}px)` });
  sheet.classList.toggle("pixels", viewport.scale * pixelRatio() >= 2);
  sheet.style.setProperty("--scale", viewport.scale);
  blurred.style.filter = `blur(${((Number(blurred.dataset.blur) || 0) / 100) * Math.max(width, height)}px)`;
  byId("scale").textContent = `${Math.round(100 * viewport.scale * pixelRatio())} %`;
  byId("ink").setAttribute("viewBox", `0 0 ${pixelSize[0]} ${pixelSize[1]}`);
  byId("frame").classList.toggle("wide", !viewport.isFitted);
  drawSplit(Number(byId("slider").value), frame);
  onScaled(viewport.scale * pixelRatio());
}

// An offset in the frame, on a whole pixel of the screen: at 100 % each pixel is then shown as it is.
const snap = (offset, side) => {
  const origin = byId("frame").getBoundingClientRect()[side];
  return Math.round((origin + offset) * pixelRatio()) / pixelRatio() - origin;
};

const clampOffset = (offset, free, length) =>
  Math.min(Math.max(0, free) + OVERSCROLL_SHARE * length, Math.max(Math.min(0, free) - OVERSCROLL_SHARE * length, offset));

// Draws the line between before and after, at a share of the width in percent. Sizes that are read after styles were written are laid
// out for that alone, so that the `frame`'s is handed on.
function drawSplit(share, frame = frameSize()) {
  const pixelSize = imageSize();
  if (!pixelSize) return;
  const [width, height] = pixelSize.map((length) => length * viewport.scale), [frameWidth, frameHeight] = frame;
  const isSplit = canCompare && !showsOriginal && !isToolActive(), handle = byId("handle");
  const x = Math.min(frameWidth, Math.max(0, viewport.x + (width * share) / 100));
  const shownShare = showsOriginal ? 100 : isSplit ? share : 0, area = placement ?? WHOLE;
  byId("sheet").style.setProperty("--share", `${shownShare}%`);
  Object.assign(byId("before").style, { left: `${100 * area.left}%`, top: `${100 * area.top}%`, width: `${100 * area.width}%`, height: `${100 * area.height}%` });
  byId("before").style.setProperty("--own-share", `${Math.min(100, Math.max(0, (shownShare - 100 * area.left) / area.width))}%`);
  handle.hidden = byId("slider").disabled = !isSplit;
  Object.assign(handle.style, { transform: `translateX(${x}px)`, top: `${Math.max(0, viewport.y)}px`, height: `${Math.min(height, frameHeight)}px` });
  byId("frame").classList.toggle("split", isSplit && share > 0 && share < 100);
  byId("frame").classList.toggle("original", showsOriginal);
}

// A point of the frame in percent of the picture.
export const toPercent = ([x, y]) => {
  const [width, height] = imageSize() ?? [1, 1];
  return [(100 * (x - viewport.x)) / (width * viewport.scale), (100 * (y - viewport.y)) / (height * viewport.scale)];
};

// A point of what is shown as one of the photograph, in percent, where it is known how that lies on it.
export const photographPoint = ([x, y]) => (placement ? [(x - 100 * placement.left) / placement.width, (y - 100 * placement.top) / placement.height] : [x, y]);

// Moves a zoomed picture.
export function pan(dx, dy) {
  viewport.x += dx;
  viewport.y += dy;
  layout();
}

// Moves the line between before and after to a point of the frame.
export function moveSlider(at) {
  const pixelSize = imageSize();
  if (!canCompare || showsOriginal || !pixelSize) return;
  byId("slider").value = String(Math.round((100 * (at[0] - viewport.x)) / (pixelSize[0] * viewport.scale)));
  layout();
}

// Whether the line between before and after can be moved.
export const canSlide = () => canCompare && !showsOriginal;

// By a share of the width in percent.
export function slideBy(percent) {
  byId("slider").value = String(Number(byId("slider").value) + percent);
  layout();
}

// Zooms to 100 % or twice the whole picture there, or back to the whole picture.
export function toggleZoom(at) {
  const target = Math.max(1 / pixelRatio(), 2 * fitScale());
  viewport.isFitted ? zoom(target / viewport.scale, at) : fit();
}
