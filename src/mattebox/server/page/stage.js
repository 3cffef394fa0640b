// Looking at one photograph: before and after, zoom, and marks painted on it. Knows the frame and nothing of requests.

const $ = (id) => document.getElementById(id);
const NEAR = 0.8; // percent of the photograph between points of a stroke
let mode = "compare", stroke = null, cross = [50, 50], painted = () => {}, refused = () => {};

// `onMark` is given { mode, points } in percent of the photograph; `onRefused` is called where marks cannot be.
export function begin(onMark, onRefused) {
  [painted, refused] = [onMark, onRefused];
  const frame = $("frame");
  frame.addEventListener("pointerdown", down);
  frame.addEventListener("pointermove", moved);
  for (const kind of ["pointerup", "pointercancel"]) frame.addEventListener(kind, up);
  frame.addEventListener("keydown", keyed);
  $("slider").addEventListener("input", aligned);
  $("zoom").addEventListener("input", aligned);
  for (const image of [$("after"), $("before")]) image.addEventListener("load", aligned);
  for (const node of document.querySelectorAll(".mode")) node.addEventListener("click", () => choose(node.dataset.mode));
}

export function choose(chosen) {
  mode = chosen;
  for (const node of document.querySelectorAll(".mode")) node.setAttribute("aria-pressed", String(node.dataset.mode === mode));
  $("frame").classList.toggle("marking", mode !== "compare");
  if (mode !== "compare") $("slider").value = "0";
  aligned();
}

// Before and after share a slider where they have the same shape; else it shows one or the other.
export function aligned() {
  const after = $("after"), before = $("before");
  const same = after.naturalWidth && before.naturalWidth
    && Math.abs(after.naturalWidth / after.naturalHeight - before.naturalWidth / before.naturalHeight) < 0.01;
  const value = Number($("slider").value);
  const frame = $("frame"), box = fitted();
  frame.style.setProperty("--share", `${same ? value : value > 50 ? 100 : 0}%`);
  frame.style.setProperty("--zoom", Number($("zoom").value) / 100);
  if (!box) return;
  const ink = $("ink");
  for (const side of ["left", "top", "width", "height"]) ink.style.setProperty(side, `${box[side]}px`);
}

// The marks of a photograph, drawn over it.
export function drawn(marks) {
  $("ink").replaceChildren(...marks.map(line));
}

function line(mark) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  const points = mark.points.length > 1 ? mark.points : [mark.points[0], mark.points[0]];
  made.setAttribute("points", points.map((p) => p.join(",")).join(" "));
  made.setAttribute("class", mark.mode);
  return made;
}

// Where the shown picture lies inside the frame, in its pixels.
function fitted() {
  const image = $("after"), zoom = Number($("zoom").value) / 100;
  const [wide, high] = [$("frame").clientWidth * zoom, $("frame").clientHeight * zoom];
  if (!image.naturalWidth) return null;
  const scale = Math.min(wide / image.naturalWidth, high / image.naturalHeight);
  const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
  return { left: (wide - width) / 2, top: (high - height) / 2, width, height };
}

// A point of the photograph in percent; null outside of it, or when the result has another frame.
function place(event) {
  const after = $("after"), before = $("before"), box = fitted(), outer = $("frame").getBoundingClientRect();
  const same = box && Math.abs(after.naturalWidth * before.naturalHeight / (after.naturalHeight * before.naturalWidth) - 1) < 0.01;
  if (!same) return refused(), null;
  const x = (100 * (event.clientX - outer.left - $("frame").clientLeft + $("frame").scrollLeft - box.left)) / box.width;
  const y = (100 * (event.clientY - outer.top - $("frame").clientTop + $("frame").scrollTop - box.top)) / box.height;
  return x >= 0 && x <= 100 && y >= 0 && y <= 100 ? [x, y] : null;
}

function down(event) {
  if (event.button !== 0) return;
  if (mode === "compare") return dragged(event);
  const point = place(event);
  if (!point) return;
  event.preventDefault();
  $("frame").setPointerCapture(event.pointerId);
  stroke = { mode, points: [point] };
  $("ink").append(line(stroke));
}

function moved(event) {
  if (mode === "compare") return dragged(event);
  const point = stroke && place(event);
  if (!point) return;
  const [x, y] = stroke.points.at(-1);
  if (Math.hypot(point[0] - x, point[1] - y) < NEAR) return;
  stroke.points.push(point);
  $("ink").lastChild.replaceWith(line(stroke));
}

function up() {
  const made = stroke;
  stroke = null;
  if (made) painted(made);
}

function dragged(event) {
  if (event.buttons !== 1) return;
  const box = $("frame").getBoundingClientRect();
  $("slider").value = String(Math.round((100 * (event.clientX - box.left)) / box.width));
  aligned();
}

// The frame has the focus. Comparing: left and right, and + and - zoom. Marking: arrows move a cross, Enter marks there.
function keyed(event) {
  if (event.target !== $("frame")) return;
  const side = { ArrowLeft: [-2, 0], ArrowRight: [2, 0], ArrowUp: [0, -2], ArrowDown: [0, 2] }[event.key];
  if (mode !== "compare") {
    if (side) cross = cross.map((v, i) => Math.min(99, Math.max(1, v + side[i])));
    else if (event.key === "Enter") painted({ mode, points: [cross] });
    else return;
    $("ink").querySelector(".cross")?.remove();
    $("ink").append(line({ mode: "cross", points: [cross] }));
    return event.preventDefault();
  }
  const zoom = { "+": 25, "-": -25 }[event.key];
  if (!zoom && (!side?.[0] || Number($("zoom").value) > 100)) return; // a zoomed picture scrolls
  event.preventDefault();
  const range = $(zoom ? "zoom" : "slider");
  range.value = String(Number(range.value) + (zoom ?? side[0]));
  aligned();
}
