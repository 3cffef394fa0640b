// Scribbles on a photograph, which keep or remove: of whole parts, or exactly what is brushed. Or they heal: what is brushed gives
// way to its surroundings.
import { byId } from "./dom.js";
import { text } from "./strings.js";
import { strokePath } from "./subject_canvas.js";
import * as viewer from "./viewer.js";

const MIN_POINT_DISTANCE_PERCENT = 0.4; // of the photograph, between points of a stroke
let tool = "look", brushMode = "part", isFresh = false, stroke = null, crosshair = [50, 50], item = null, callbacks = {};

// `handlers` has canScribble(tool), onToolSelected(tool, brushMode), onScribbled(item, scribble), and for a stroke that is being
// drawn onStroke(stroke) and onStrokeCancelled().
export function initScribbles(handlers) {
  callbacks = handlers;
  for (const node of document.querySelectorAll(".tool")) node.addEventListener("click", () => selectTool(node.dataset.tool));
  for (const node of document.querySelectorAll(".way")) node.addEventListener("click", () => { brushMode = node.dataset.way; selectTool(tool); });
  byId("brush").addEventListener("input", () => updateTools());
  byId("frame").addEventListener("pointerleave", () => (byId("cursor").hidden = true));
}

export const isActive = () => tool !== "look";
export const isKeeping = () => tool === "keep";
export const isHealing = () => tool === "heal";

// What the tool does, until it has been used; null for tools whose marks show that.
export const healingNote = () => (isHealing() && isFresh ? text.toolHints.heal.brush : null);

export function selectTool(newTool) {
  if (newTool !== "look" && !callbacks.canScribble(newTool)) return;
  tool = newTool;
  isFresh = true;
  updateTools();
  callbacks.onToolSelected(tool, brushMode);
}

// Takes the brush, to paint what is to be kept.
export function startPainting() {
  brushMode = "brush";
  selectTool("keep");
}

export function setItem(newItem) {
  item = newItem;
  updateTools();
}

export function resizeBrush(factor) {
  byId("brush").value = String(Math.round(Number(byId("brush").value) * factor + Math.sign(factor - 1)));
  updateTools();
}

// The viewer's pointer tool. Points are in percent of the photograph.
export const pointerTool = {
  get active() { return isActive(); },
  grab([x, y]) {
    if (!isActive() || x < 0 || y < 0 || x > 100 || y > 100) return false;
    stroke = { mode: tool, size: brushSize(), points: [[x, y]] };
    updateTools();
    callbacks.onStroke(stroke);
    return true;
  },
  move([x, y]) {
    const [lastX, lastY] = stroke.points.at(-1);
    if (Math.hypot(x - lastX, y - lastY) < MIN_POINT_DISTANCE_PERCENT) return;
    stroke.points.push([x, y].map((v) => Math.min(100, Math.max(0, v))));
    drawScribbles(false);
    callbacks.onStroke(stroke);
  },
  release() { addScribble(stroke); },
  cancel() { stroke = null; updateTools(); callbacks.onStrokeCancelled(); },
  hover(_, at) {
    const isVisible = isActive() && brushSize() > 0, size = viewer.imageSize(), cursor = byId("cursor");
    cursor.hidden = !isVisible;
    if (!isVisible || !size) return;
    const width = brushSize() * Math.max(...size) * Number(byId("sheet").style.getPropertyValue("--scale"));
    Object.assign(cursor.style, { width: `${width}px`, height: `${width}px`, transform: `translate(${at[0] - width / 2}px, ${at[1] - width / 2}px)` });
  },
  // Arrows move a crosshair, Enter or space scribbles there.
  key(event) {
    if (!isActive()) return false;
    const distance = event.shiftKey ? 10 : 2;
    const direction = { ArrowLeft: [-distance, 0], ArrowRight: [distance, 0], ArrowUp: [0, -distance], ArrowDown: [0, distance] }[event.key];
    if (direction) crosshair = crosshair.map((v, axis) => Math.min(99, Math.max(1, v + direction[axis])));
    else if (event.key === "Enter" || event.key === " ") addScribble({ mode: tool, size: brushSize(), points: [[...crosshair]] });
    else return false;
    event.preventDefault();
    updateTools(true);
    return true;
  },
};

// As a share of the longer side; 0 for whole parts.
const brushSize = () => (brushMode === "brush" || isHealing() ? Number(byId("brush").value) / 200 : 0);

function addScribble(scribble) {
  stroke = null;
  isFresh = false;
  if (scribble.mode !== "heal" || !item.pixelSize) item.pixelSize = viewer.imageSize(); // what can be kept or removed always has the photograph's size
  item.scribbles.push(scribble);
  updateTools();
  callbacks.onScribbled(item, scribble);
}

function updateTools(showsCrosshair = false) {
  for (const node of document.querySelectorAll(".tool")) node.setAttribute("aria-pressed", String(node.dataset.tool === tool));
  for (const node of document.querySelectorAll(".way")) node.setAttribute("aria-pressed", String(node.dataset.way === brushMode));
  byId("manner").hidden = !isActive();
  byId("ways").hidden = isHealing();
  byId("sized").hidden = !brushSize();
  byId("frame").dataset.tool = tool;
  byId("frame").dataset.way = brushMode;
  if (!isActive()) byId("cursor").hidden = true;
  drawScribbles(showsCrosshair);
}

// Scribbles that the result does not show yet are drawn plainly; those it does faintly, and only while a tool is selected.
function drawScribbles(showsCrosshair) {
  const size = viewer.imageSize();
  if (!item || !size) return byId("ink").replaceChildren();
  const applied = isActive() ? item.scribbles.slice(0, item.appliedCount) : [], pending = item.scribbles.slice(item.appliedCount);
  const lines = [
    ...applied.map((scribble) => createPolyline(scribble, size, "old")),
    ...[...pending, stroke].filter(Boolean).map((scribble) => createPolyline(scribble, size, "")),
  ];
  if (showsCrosshair) lines.push(createPolyline({ mode: "cross", size: 0, points: [crosshair] }, size, ""));
  byId("ink").replaceChildren(...lines);
}

export const redraw = () => drawScribbles(false);

function createPolyline(scribble, [width, height], ageClass) {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  const points = scribble.points.length > 1 ? scribble.points : [scribble.points[0], scribble.points[0]];
  line.setAttribute("points", points.map(([x, y]) => `${((x * width) / 100).toFixed(2)},${((y * height) / 100).toFixed(2)}`).join(" "));
  line.setAttribute("class", `${scribble.mode} ${ageClass} ${scribble.size ? "brush" : "part"}`);
  if (scribble.size) line.setAttribute("stroke-width", String(scribble.size * Math.max(width, height)));
  return line;
}

// Brush strokes as greyscale masks of that size: { holdout_image, core_image, heal_image }, those that are needed. Of strokes that
// overlap, the last one counts, but what is healed is healed.
export async function renderMasks(strokes, size) {
  const masks = {};
  for (const [name, mode] of [["holdout_image", "drop"], ["core_image", "keep"], ["heal_image", "heal"]]) {
    if (strokes.some((s) => s.mode === mode)) masks[name] = await renderMask(strokes.filter((s) => (s.mode === "heal") === (mode === "heal")), mode, size);
  }
  return masks;
}

function renderMask(strokes, maskMode, [width, height]) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height }), context = canvas.getContext("2d");
  context.fillRect(0, 0, width, height);
  for (const stroke of strokes) strokePath(context, stroke, [width, height], stroke.mode === maskMode ? "white" : "black");
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
