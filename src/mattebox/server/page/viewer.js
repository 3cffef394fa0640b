// The viewer of one photograph: before and after, zoom and pan, by pointer, wheel and keyboard. A tool may take the
// pointer for itself.
import { byId } from "/page/dom.js";

const MAX_SCALE = 32; // CSS pixels per pixel of the photograph
const OVERSCROLL_SHARE = 0.4; // of the frame: how far a zoomed picture may be moved past its edges
const FRAME_PADDING = 24;
const DOUBLE_TAP_MS = 350, DOUBLE_TAP_DISTANCE = 24;
const viewport = { scale: 1, x: 0, y: 0, isFitted: true };
const pointers = new Map();
let showsOriginal = false, hasSameAspect = false, nominalSize = null, onScaled = () => {}, tool = null, drag = null, lastTap = { at: 0 };

// `pointerTool` has grab(point, event), which tells whether it takes the pointer, move(point, event), release(),
// cancel(), hover(point, framePoint), key(event) and active.
// `onScaled` receives the screen's pixels per pixel of the photograph whenever it is drawn.
export function initViewer(pointerTool, scaleListener) {
  [tool, onScaled] = [pointerTool, scaleListener];
  const frame = byId("frame");
  frame.addEventListener("pointerdown", onPointerDown);
  frame.addEventListener("pointermove", onPointerMove);
  for (const type of ["pointerup", "pointercancel"]) frame.addEventListener(type, onPointerUp);
  frame.addEventListener("wheel", onWheel, { passive: false });
  frame.addEventListener("keydown", onKeyDown);
  byId("slider").addEventListener("input", layout);
  for (const name of ["after", "before"]) byId(name).addEventListener("load", () => onImageResized(viewport.isFitted));
  new ResizeObserver(() => (viewport.isFitted ? fit() : layout())).observe(frame);
  byId("in").addEventListener("click", () => zoom(1.5));
  byId("out").addEventListener("click", () => zoom(1 / 1.5));
  byId("fit").addEventListener("click", fit);
  byId("actual").addEventListener("click", zoomToActualSize);
  byId("original").addEventListener("click", () => show({ original: !showsOriginal }));
}

// Changes what is shown: the URLs `before` and `after`, the `size` that the latter stands for (null for its own), a canvas
// `composed` in its place (null for none), its `background` and `filter`, and whether only the `original` is shown. What
// is left out stays.
export function show(layers) {
  for (const name of ["before", "after"]) if (layers[name] && byId(name).getAttribute("src") !== layers[name]) byId(name).src = layers[name];
  if ("size" in layers) nominalSize = layers.size;
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
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || !hasSameAspect || showsOriginal || byId("slider").value !== "0") return;
  const startedAt = performance.now();
  const animate = (now) => {
    const left = 1 - Math.min(1, (now - startedAt) / 700), share = left ** 3;
    if (document.activeElement === byId("slider") || drag) return layout();
    drawSplit(100 * share);
    if (left > 0) requestAnimationFrame(animate);
  };
  drawSplit(100);
  requestAnimationFrame(animate);
}

// The natural size of what is shown; null while nothing is.
export function imageSize() {
  const image = showsOriginal && !hasSameAspect ? byId("before") : byId("after");
  if (image === byId("after") && nominalSize && image.naturalWidth) return nominalSize;
  return image.naturalWidth ? [image.naturalWidth, image.naturalHeight] : null;
}

function drawComposed(canvas) {
  const composed = byId("composed");
  composed.hidden = !canvas;
  byId("sheet").classList.toggle("has-composed", Boolean(canvas));
  if (!canvas) return;
  if (composed.width !== canvas.width || composed.height !== canvas.height) Object.assign(composed, { width: canvas.width, height: canvas.height });
  const context = composed.getContext("2d");
  context.globalCompositeOperation = "copy";
  context.drawImage(canvas, 0, 0);
}

// With `ghost` the photograph shines through, so that what was removed can be pointed at.
function drawBackground({ paint = null, picture = null, blur = null, ghost = false }) {
  const blurred = byId("blurred");
  byId("behind").style.background = picture ? `url("${picture}") center / cover` : (paint ?? "none");
  blurred.hidden = (blur === null || Boolean(picture)) && !ghost; // a blurred picture takes the place of the rough blur
  blurred.classList.toggle("ghost", ghost);
  if (blurred.hidden) return;
  if (blurred.src !== byId("before").src) blurred.src = byId("before").src;
  blurred.dataset.blur = blur;
}

// ---- layout

function onImageResized(refit) {
  const before = byId("before"), after = byId("after");
  hasSameAspect = Boolean(after.naturalWidth && before.naturalWidth)
    && Math.abs((after.naturalWidth * before.naturalHeight) / (after.naturalHeight * before.naturalWidth) - 1) < 0.01;
  const sizeKey = imageSize()?.join(" ");
  if (refit || sizeKey !== viewport.sizeKey) fit();
  viewport.sizeKey = sizeKey;
  layout();
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
  const [width, height] = pixelSize.map((length) => length * viewport.scale), [frameWidth, frameHeight] = frameSize();
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
  drawSplit(Number(byId("slider").value));
  onScaled(viewport.scale * pixelRatio());
}

// An offset in the frame, on a whole pixel of the screen: at 100 % each pixel is then shown as it is.
const snap = (offset, side) => {
  const origin = byId("frame").getBoundingClientRect()[side];
  return Math.round((origin + offset) * pixelRatio()) / pixelRatio() - origin;
};

const clampOffset = (offset, free, length) =>
  Math.min(Math.max(0, free) + OVERSCROLL_SHARE * length, Math.max(Math.min(0, free) - OVERSCROLL_SHARE * length, offset));

// Draws the line between before and after, at a share of the width in percent.
function drawSplit(share) {
  const pixelSize = imageSize();
  if (!pixelSize) return;
  const [width, height] = pixelSize.map((length) => length * viewport.scale), [frameWidth, frameHeight] = frameSize();
  const isSplit = hasSameAspect && !showsOriginal && !tool?.active, handle = byId("handle");
  const x = Math.min(frameWidth, Math.max(0, viewport.x + (width * share) / 100));
  byId("sheet").style.setProperty("--share", `${showsOriginal ? 100 : isSplit ? share : 0}%`);
  handle.hidden = byId("slider").disabled = !isSplit;
  Object.assign(handle.style, { transform: `translateX(${x}px)`, top: `${Math.max(0, viewport.y)}px`, height: `${Math.min(height, frameHeight)}px` });
  byId("frame").classList.toggle("split", isSplit && share > 0 && share < 100);
  byId("frame").classList.toggle("original", showsOriginal);
}

// ---- pointers

// The point of an event in the frame.
const framePoint = (event) => {
  const frame = byId("frame"), box = frame.getBoundingClientRect();
  return [event.clientX - box.left - frame.clientLeft, event.clientY - box.top - frame.clientTop];
};

// A point of the frame in percent of the picture.
const toPercent = ([x, y]) => {
  const [width, height] = imageSize() ?? [1, 1];
  return [(100 * (x - viewport.x)) / (width * viewport.scale), (100 * (y - viewport.y)) / (height * viewport.scale)];
};

function onPointerDown(event) {
  if (event.target.closest("button, #failure") || event.button > 1 || !imageSize()) return;
  const at = framePoint(event);
  pointers.set(event.pointerId, at);
  if (pointers.size === 2) {
    if (drag === "tool") tool.cancel();
    drag = "pinch";
    return;
  }
  byId("frame").setPointerCapture(event.pointerId);
  if (event.target.closest("#handle")) drag = "line";
  else if (event.button === 0 && !event.getModifierState?.("Shift") && tool.grab(toPercent(at), event)) drag = "tool";
  else if (byId("frame").classList.contains("wide") || event.button === 1 || showsOriginal || !hasSameAspect) drag = "pan";
  else drag = "line";
  if (drag === "line" && event.pointerType === "mouse") moveSlider(at);
}

function onPointerMove(event) {
  const at = framePoint(event), previous = pointers.get(event.pointerId);
  if (!previous) return tool.hover?.(toPercent(at), at);
  pointers.set(event.pointerId, at);
  tool.hover?.(toPercent(at), at);
  if (drag === "pinch" && pointers.size === 2) return pinch(event.pointerId, previous, at);
  if (drag === "tool") tool.move(toPercent(at), event);
  else if (drag === "line") moveSlider(at);
  else if (drag === "pan") pan(at[0] - previous[0], at[1] - previous[1]);
}

function pan(dx, dy) {
  viewport.x += dx;
  viewport.y += dy;
  layout();
}

function pinch(pointerId, previous, at) {
  const other = [...pointers].find(([id]) => id !== pointerId)[1], distance = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
  viewport.x += (at[0] - previous[0]) / 2;
  viewport.y += (at[1] - previous[1]) / 2;
  zoom(distance(at) / Math.max(1, distance(previous)), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
}

function onPointerUp(event) {
  if (!pointers.delete(event.pointerId)) return;
  if (drag === "tool") event.type === "pointerup" ? tool.release() : tool.cancel();
  else if (drag !== "pinch" && event.type === "pointerup") onTap(event);
  if (!pointers.size) drag = null;
}

// A double tap or double click zooms to 100 % there, or back to the whole picture.
function onTap(event) {
  const at = framePoint(event), isQuick = event.timeStamp - lastTap.at < DOUBLE_TAP_MS;
  const isDouble = isQuick && Math.hypot(at[0] - lastTap.x, at[1] - lastTap.y) < DOUBLE_TAP_DISTANCE;
  lastTap = { at: isDouble ? 0 : event.timeStamp, x: at[0], y: at[1] };
  if (!isDouble) return;
  const target = Math.max(1 / pixelRatio(), 2 * fitScale());
  viewport.isFitted ? zoom(target / viewport.scale, at) : fit();
}

function moveSlider(at) {
  const pixelSize = imageSize();
  if (!hasSameAspect || showsOriginal || !pixelSize) return;
  byId("slider").value = String(Math.round((100 * (at[0] - viewport.x)) / (pixelSize[0] * viewport.scale)));
  layout();
}

function onWheel(event) {
  const pageScrolls = document.documentElement.scrollHeight > innerHeight + 1;
  if (pageScrolls && !event.ctrlKey) return;
  event.preventDefault();
  zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * (event.ctrlKey ? 0.01 : 0.004)), framePoint(event));
}

// With the focus on the frame, arrows move a zoomed picture or else the slider, unless the tool takes them.
function onKeyDown(event) {
  if (event.target !== byId("frame") || event.ctrlKey || event.metaKey || event.altKey || tool.key(event)) return;
  const direction = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  const factor = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
  if (direction && byId("frame").classList.contains("wide")) pan(...direction);
  else if (direction?.[0] && !showsOriginal && hasSameAspect) {
    byId("slider").value = String(Number(byId("slider").value) - direction[0] / 30);
    layout();
  } else if (factor) zoom(factor);
  else if (event.key === "0") fit();
  else if (event.key === "1") zoomToActualSize();
  else return;
  event.preventDefault();
}
