// Marks on a photograph: keep or remove, whole parts or exactly what is brushed, undone and redone. Knows the tools and
// the ink, nothing of requests.
import * as stage from "/page/stage.js";

const $ = (id) => document.getElementById(id);
const NEAR = 0.4; // percent of the photograph between points of a stroke
let tool = "look", way = "part", stroke = null, cross = [50, 50], item = null, heard = {};

// `heard.marked(item)` is called when the marks have changed, `heard.chosen(tool, way)` when a tool was.
export function begin(callbacks) {
  heard = callbacks;
  for (const node of document.querySelectorAll(".tool")) node.addEventListener("click", () => choose(node.dataset.tool));
  for (const node of document.querySelectorAll(".way")) node.addEventListener("click", () => { way = node.dataset.way; choose(tool); });
  $("brush").addEventListener("input", () => told());
  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
  $("frame").addEventListener("pointerleave", () => ($("cursor").hidden = true));
}

export const active = () => tool !== "look";
export const keeping = () => tool === "keep";

export function choose(chosen) {
  if (chosen !== "look" && !heard.may()) return;
  tool = chosen;
  told();
  heard.chosen(tool, way);
}

export function of(shown) {
  item = shown;
  told();
}

export function undo() {
  if (!item?.marks.length) return;
  item.undone.push(item.marks.pop());
  changed();
}

export function redo() {
  if (!item?.undone.length) return;
  item.marks.push(item.undone.pop());
  changed();
}

export function grow(factor) {
  $("brush").value = String(Math.round(Number($("brush").value) * factor + Math.sign(factor - 1)));
  told();
}

// For the stage: it asks whether the pointer is wanted.
export const pointing = {
  get active() { return active(); },
  grab([x, y]) {
    if (!active() || x < 0 || y < 0 || x > 100 || y > 100) return false;
    stroke = { mode: tool, size: breadth(), points: [[x, y]] };
    told();
    return true;
  },
  move([x, y]) {
    const [a, b] = stroke.points.at(-1);
    if (Math.hypot(x - a, y - b) < NEAR) return;
    stroke.points.push([x, y].map((v) => Math.min(100, Math.max(0, v))));
    told();
  },
  release() { add(stroke); },
  cancel() { stroke = null; told(); },
  hover(_, at) {
    const shown = active() && way === "brush", size = stage.size();
    $("cursor").hidden = !shown;
    if (!shown || !size) return;
    const wide = breadth() * Math.max(...size) * Number($("sheet").style.getPropertyValue("--scale"));
    Object.assign($("cursor").style, { width: `${wide}px`, height: `${wide}px`, transform: `translate(${at[0] - wide / 2}px, ${at[1] - wide / 2}px)` });
  },
  // Arrows move a cross, Enter or space marks there.
  key(event) {
    if (!active()) return false;
    const far = event.shiftKey ? 10 : 2, side = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[event.key];
    if (side) cross = cross.map((v, i) => Math.min(99, Math.max(1, v + side[i])));
    else if (event.key === "Enter" || event.key === " ") add({ mode: tool, size: breadth(), points: [[...cross]] });
    else return false;
    event.preventDefault();
    told(true);
    return true;
  },
};

// A share of the longer side; nothing for whole parts.
const breadth = () => (way === "brush" ? Number($("brush").value) / 200 : 0);

function add(made) {
  stroke = null;
  item.size = stage.size(); // marks are only made on what has the photograph's own size
  item.marks.push(made);
  item.undone = [];
  changed();
}

function changed() {
  told();
  heard.marked(item);
}

// `crossed`: the cross is shown, too.
function told(crossed = false) {
  for (const node of document.querySelectorAll(".tool")) node.setAttribute("aria-pressed", String(node.dataset.tool === tool));
  for (const node of document.querySelectorAll(".way")) node.setAttribute("aria-pressed", String(node.dataset.way === way));
  $("manner").hidden = !active();
  $("sized").hidden = way !== "brush";
  $("frame").dataset.tool = tool;
  $("frame").dataset.way = way;
  if (!active()) $("cursor").hidden = true;
  $("undo").disabled = !item?.marks.length;
  $("redo").disabled = !item?.undone.length;
  draw(crossed);
}

// What is not answered yet is seen plainly, what is already in the result faintly, and only with a tool in hand.
function draw(crossed) {
  const size = stage.size();
  if (!item || !size) return $("ink").replaceChildren();
  const old = active() ? item.marks.slice(0, item.answered) : [], young = item.marks.slice(item.answered);
  const lines = [...old.map((m) => line(m, size, "old")), ...[...young, stroke].filter(Boolean).map((m) => line(m, size, ""))];
  if (crossed) lines.push(line({ mode: "cross", size: 0, points: [cross] }, size, ""));
  $("ink").replaceChildren(...lines);
}

export const redraw = () => draw(false);

function line(mark, [w, h], age) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  const points = mark.points.length > 1 ? mark.points : [mark.points[0], mark.points[0]];
  made.setAttribute("points", points.map(([x, y]) => `${((x * w) / 100).toFixed(2)},${((y * h) / 100).toFixed(2)}`).join(" "));
  made.setAttribute("class", `${mark.mode} ${age} ${mark.size ? "brush" : "part"}`);
  if (mark.size) made.setAttribute("stroke-width", String(mark.size * Math.max(w, h)));
  return made;
}

// The brushed strokes as grey pictures of that size: { holdout_image, core_image }, those there are. The last stroke
// over a place counts.
export async function masks(strokes, size) {
  const made = {};
  for (const [name, mode] of [["holdout_image", "drop"], ["core_image", "keep"]]) {
    if (strokes.some((s) => s.mode === mode)) made[name] = await mask(strokes, mode, size);
  }
  return made;
}

function mask(strokes, mode, [w, h]) {
  const canvas = Object.assign(document.createElement("canvas"), { width: w, height: h }), pen = canvas.getContext("2d");
  pen.fillRect(0, 0, w, h);
  Object.assign(pen, { lineCap: "round", lineJoin: "round" });
  for (const { mode: own, size, points } of strokes) {
    pen.strokeStyle = own === mode ? "white" : "black";
    pen.lineWidth = size * Math.max(w, h);
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo((x * w) / 100, (y * h) / 100) : pen.moveTo((x * w) / 100, (y * h) / 100)));
    if (points.length === 1) pen.lineTo((points[0][0] * w) / 100 + 0.01, (points[0][1] * h) / 100);
    pen.stroke();
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
