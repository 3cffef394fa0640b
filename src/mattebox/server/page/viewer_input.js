// Pointers, wheel and keys of the viewer: zoom, pan, compare. A tool may take the pointer for itself.
import { byId } from "./dom.js";
import * as viewer from "./viewer.js";

const DOUBLE_TAP_MS = 350, DOUBLE_TAP_DISTANCE = 24, TAP_DISTANCE = 6;
const pointers = new Map();
let tool = null, drag = null, lastTap = { at: 0 }, pressedAt = null;

// `pointerTool` has grab(point, event), which tells whether it takes the pointer, move(point, event), release(),
// cancel(), hover(point, framePoint), key(event), active, tap(point), which tells whether it takes a tap, and takesTaps(). Points are in percent of the picture.
export function initViewerInput(pointerTool) {
  tool = pointerTool;
  const frame = byId("frame");
  frame.addEventListener("pointerdown", onPointerDown);
  frame.addEventListener("pointermove", onPointerMove);
  for (const type of ["pointerup", "pointercancel"]) frame.addEventListener(type, onPointerUp);
  frame.addEventListener("wheel", onWheel, { passive: false });
  frame.addEventListener("keydown", onKeyDown);
}

// The point of an event in the frame.
const framePoint = (event) => {
  const frame = byId("frame"), box = frame.getBoundingClientRect();
  return [event.clientX - box.left - frame.clientLeft, event.clientY - box.top - frame.clientTop];
};

function onPointerDown(event) {
  if (event.target.closest("button, #failure, #crop, #placing") || event.button > 1 || !viewer.imageSize()) return;
  const at = framePoint(event);
  pointers.set(event.pointerId, at);
  pressedAt = pointers.size === 1 && !event.target.closest("#handle") ? at : null;
  if (pointers.size === 2) {
    if (drag === "tool") tool.cancel();
    drag = "pinch";
    return;
  }
  byId("frame").setPointerCapture(event.pointerId);
  if (event.target.closest("#handle")) drag = "line";
  else if (event.button === 0 && !event.getModifierState?.("Shift") && tool.grab(viewer.toPercent(at), event)) drag = "tool";
  else if (byId("frame").classList.contains("wide") || event.button === 1 || !viewer.canSlide()) drag = "pan";
  else drag = "line";
  byId("frame").dataset.drag = drag;
  if (drag === "line" && event.pointerType === "mouse" && !tool.takesTaps?.()) viewer.moveSlider(at);
}

function onPointerMove(event) {
  const at = framePoint(event), previous = pointers.get(event.pointerId);
  if (!previous) return tool.hover?.(viewer.toPercent(at), at);
  pointers.set(event.pointerId, at);
  tool.hover?.(viewer.toPercent(at), at);
  if (drag === "pinch" && pointers.size === 2) return pinch(event.pointerId, previous, at);
  if (drag === "tool") tool.move(viewer.toPercent(at), event);
  else if (drag === "line") viewer.moveSlider(at);
  else if (drag === "pan") viewer.pan(at[0] - previous[0], at[1] - previous[1]);
}

function pinch(pointerId, previous, at) {
  const other = [...pointers].find(([id]) => id !== pointerId)[1], distance = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
  viewer.pan((at[0] - previous[0]) / 2, (at[1] - previous[1]) / 2);
  viewer.zoom(distance(at) / Math.max(1, distance(previous)), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
}

function onPointerUp(event) {
  if (!pointers.delete(event.pointerId)) return;
  if (drag === "tool") event.type === "pointerup" ? tool.release() : tool.cancel();
  else if (drag !== "pinch" && event.type === "pointerup") onTap(event);
  if (pointers.size) return;
  drag = null;
  delete byId("frame").dataset.drag;
}

// A double tap or double click zooms to 100 % there, or back to the whole picture. A single one is the tool's.
function onTap(event) {
  const at = framePoint(event), isQuick = event.timeStamp - lastTap.at < DOUBLE_TAP_MS;
  const isDouble = isQuick && Math.hypot(at[0] - lastTap.x, at[1] - lastTap.y) < DOUBLE_TAP_DISTANCE;
  lastTap = { at: isDouble ? 0 : event.timeStamp, x: at[0], y: at[1] };
  if (isDouble) viewer.toggleZoom(at);
  else if (pressedAt && Math.hypot(at[0] - pressedAt[0], at[1] - pressedAt[1]) < TAP_DISTANCE) tool.tap?.(viewer.toPercent(at));
}

function onWheel(event) {
  const pageScrolls = document.documentElement.scrollHeight > innerHeight + 1;
  if (pageScrolls && !event.ctrlKey) return;
  event.preventDefault();
  viewer.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * (event.ctrlKey ? 0.01 : 0.004)), framePoint(event));
}

// With the focus on the frame, arrows move a zoomed picture or else the slider, unless the tool takes them.
function onKeyDown(event) {
  if (event.target !== byId("frame") || event.ctrlKey || event.metaKey || event.altKey || tool.key(event)) return;
  const direction = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  const factor = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
  if (direction && byId("frame").classList.contains("wide")) viewer.pan(...direction);
  else if (direction?.[0] && viewer.canSlide()) viewer.slideBy(-direction[0] / 30);
  else if (factor) viewer.zoom(factor);
  else if (event.key === "0") viewer.fit();
  else if (event.key === "1") viewer.zoomToActualSize();
  else return;
  event.preventDefault();
}
