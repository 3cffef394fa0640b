// Looking at one photograph: before and after, zoom, pan. Knows the frame and its pointers, nothing of requests or marks;
// a tool that wants the pointer for itself is asked first.

const $ = (id) => document.getElementById(id);
const MOST = 32; // CSS pixels per pixel of a photograph
const SLACK = 0.4; // of the frame: how far a zoomed picture may be moved past its edges
const view = { scale: 1, x: 0, y: 0, fitted: true };
const pointers = new Map();
let original = false, same = false, tool = null, drag = null, tapped = { at: 0 };

// `marker` has grab(point, event), move(point, event), release(), cancel(), key(event): grab answers whether it takes the pointer.
export function begin(marker) {
  tool = marker;
  const frame = $("frame");
  frame.addEventListener("pointerdown", down);
  frame.addEventListener("pointermove", moved);
  for (const kind of ["pointerup", "pointercancel"]) frame.addEventListener(kind, up);
  frame.addEventListener("wheel", wheeled, { passive: false });
  frame.addEventListener("keydown", keyed);
  $("slider").addEventListener("input", aligned);
  $("after").addEventListener("load", () => sized(view.fitted));
  $("before").addEventListener("load", () => sized(view.fitted));
  new ResizeObserver(() => (view.fitted ? fit() : aligned())).observe(frame);
  $("in").addEventListener("click", () => zoom(1.5));
  $("out").addEventListener("click", () => zoom(1 / 1.5));
  $("fit").addEventListener("click", fit);
  $("actual").addEventListener("click", actual);
  $("original").addEventListener("click", () => show({ original: !original }));
}

// What is shown: { before, after } as addresses, what lies `behind`, a `filter`; or whether it is the original.
export function show(wanted) {
  for (const name of ["before", "after"]) if (wanted[name] && $(name).getAttribute("src") !== wanted[name]) $(name).src = wanted[name];
  if ("filter" in wanted) $("after").style.filter = wanted.filter;
  if ("behind" in wanted) lay(wanted.behind);
  if ("original" in wanted) original = wanted.original;
  $("original").setAttribute("aria-pressed", String(original));
  sized(view.fitted);
}

// Another photograph: from the start.
export function fresh() {
  $("slider").value = "0";
  original = false;
  view.fitted = true;
}

// Sweeps from the photograph to the result, once.
export function reveal() {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || !same || original || $("slider").value !== "0") return;
  const begun = performance.now();
  const step = (now) => {
    const left = 1 - Math.min(1, (now - begun) / 700), share = left ** 3;
    if (document.activeElement === $("slider") || drag) return aligned();
    draw(100 * share);
    if (left > 0) requestAnimationFrame(step);
  };
  draw(100);
  requestAnimationFrame(step);
}

// The natural size of what is shown; null while nothing is.
export function size() {
  const image = original && !same ? $("before") : $("after");
  return image.naturalWidth ? [image.naturalWidth, image.naturalHeight] : null;
}

// `ghost`: the photograph shines through from behind, so that what is gone can be pointed at.
function lay({ paint = null, picture = null, blur = null, ghost = false }) {
  const style = $("behind").style;
  style.background = picture ? `url("${picture}") center / cover` : (paint ?? "none");
  $("blurred").hidden = blur === null && !ghost;
  $("blurred").classList.toggle("ghost", ghost);
  if ($("blurred").hidden) return;
  if ($("blurred").src !== $("before").src) $("blurred").src = $("before").src;
  $("blurred").dataset.blur = blur;
}

// ---- where the picture lies

function sized(again) {
  const before = $("before"), after = $("after");
  same = Boolean(after.naturalWidth && before.naturalWidth)
    && Math.abs((after.naturalWidth * before.naturalHeight) / (after.naturalHeight * before.naturalWidth) - 1) < 0.01;
  const now = size()?.join(" ");
  if (again || now !== view.of) fit();
  view.of = now;
  aligned();
}

const density = () => window.devicePixelRatio || 1;
const room = () => [$("frame").clientWidth, $("frame").clientHeight];

function fitting() {
  const [w, h] = size() ?? [1, 1], [wide, high] = room();
  return Math.min((wide - 24) / w, (high - 24) / h, 8);
}

export function fit() {
  view.scale = fitting();
  view.fitted = true;
  aligned();
}

export function actual() {
  zoom(1 / density() / view.scale);
}

// About a point of the frame, or its middle.
export function zoom(factor, at = room().map((v) => v / 2)) {
  const least = Math.min(fitting(), 1 / density()), scale = Math.min(MOST, Math.max(least, view.scale * factor));
  view.x = at[0] - ((at[0] - view.x) * scale) / view.scale;
  view.y = at[1] - ((at[1] - view.y) * scale) / view.scale;
  view.scale = scale;
  view.fitted = scale <= least && least === fitting();
  aligned();
}

// Everything to its place. The whole picture is in the middle; a zoomed one can be moved past its edges by a bit.
export function aligned() {
  const of = size();
  if (!of) return;
  const [w, h] = of.map((v) => v * view.scale), [wide, high] = room();
  view.x = view.fitted ? (wide - w) / 2 : within(view.x, wide - w, wide);
  view.y = view.fitted ? (high - h) / 2 : within(view.y, high - h, high);
  const sheet = $("sheet"), share = Number($("slider").value);
  Object.assign(sheet.style, { width: `${w}px`, height: `${h}px`, transform: `translate(${view.x}px, ${view.y}px)` });
  sheet.classList.toggle("pixels", view.scale * density() >= 2);
  sheet.style.setProperty("--scale", view.scale);
  $("blurred").style.filter = `blur(${((Number($("blurred").dataset.blur) || 0) / 100) * Math.max(w, h)}px)`;
  $("scale").textContent = `${Math.round(100 * view.scale * density())} %`;
  $("ink").setAttribute("viewBox", `0 0 ${of[0]} ${of[1]}`);
  $("frame").classList.toggle("wide", !view.fitted);
  draw(share);
}

const within = (at, free, room) => Math.min(Math.max(0, free) + SLACK * room, Math.max(Math.min(0, free) - SLACK * room, at));

// The line between before and after, at that share.
function draw(share) {
  const of = size();
  if (!of) return;
  const [w, h] = of.map((v) => v * view.scale), [wide, high] = room(), shown = same && !original && !tool?.active;
  const x = Math.min(wide, Math.max(0, view.x + (w * share) / 100));
  $("sheet").style.setProperty("--share", `${original ? 100 : shown ? share : 0}%`);
  $("handle").hidden = $("slider").disabled = !shown;
  Object.assign($("handle").style, { transform: `translateX(${x}px)`, top: `${Math.max(0, view.y)}px`, height: `${Math.min(h, high)}px` });
  $("frame").classList.toggle("split", shown && share > 0 && share < 100);
  $("frame").classList.toggle("original", original);
}

// ---- pointers

const local = (event) => {
  const box = $("frame").getBoundingClientRect();
  return [event.clientX - box.left - $("frame").clientLeft, event.clientY - box.top - $("frame").clientTop];
};

// A point of the frame in percent of the picture.
const place = ([x, y]) => {
  const of = size() ?? [1, 1];
  return [(100 * (x - view.x)) / (of[0] * view.scale), (100 * (y - view.y)) / (of[1] * view.scale)];
};

function down(event) {
  if (event.target.closest("button, #failure") || event.button > 1 || !size()) return;
  const at = local(event);
  pointers.set(event.pointerId, at);
  if (pointers.size === 2) {
    if (drag === "tool") tool.cancel();
    drag = "pinch";
    return;
  }
  $("frame").setPointerCapture(event.pointerId);
  if (event.target.closest("#handle")) drag = "line";
  else if (event.button === 0 && !event.getModifierState?.("Shift") && tool.grab(place(at), event)) drag = "tool";
  else if ($("frame").classList.contains("wide") || event.button === 1 || original || !same) drag = "pan";
  else drag = "line";
  if (drag === "line" && event.pointerType === "mouse") slide(at);
}

function moved(event) {
  const at = local(event), was = pointers.get(event.pointerId);
  if (!was) return tool.hover?.(place(at), at);
  pointers.set(event.pointerId, at);
  tool.hover?.(place(at), at);
  if (drag === "pinch" && pointers.size === 2) return pinched(event.pointerId, was, at);
  if (drag === "tool") tool.move(place(at), event);
  else if (drag === "line") slide(at);
  else if (drag === "pan") {
    view.x += at[0] - was[0];
    view.y += at[1] - was[1];
    aligned();
  }
}

function pinched(id, was, at) {
  const other = [...pointers].find(([key]) => key !== id)[1], apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
  view.x += (at[0] - was[0]) / 2;
  view.y += (at[1] - was[1]) / 2;
  zoom(apart(at) / Math.max(1, apart(was)), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
}

function up(event) {
  if (!pointers.delete(event.pointerId)) return;
  if (drag === "tool") event.type === "pointerup" ? tool.release() : tool.cancel();
  else if (drag !== "pinch" && event.type === "pointerup") tap(event);
  if (!pointers.size) drag = null;
}

// Two taps or clicks on one place: 100 % there, or back to the whole.
function tap(event) {
  const at = local(event), quick = event.timeStamp - tapped.at < 350, near = quick && Math.hypot(at[0] - tapped.x, at[1] - tapped.y) < 24;
  tapped = { at: near ? 0 : event.timeStamp, x: at[0], y: at[1] };
  if (!near) return;
  const target = Math.max(1 / density(), 2 * fitting());
  view.fitted ? zoom(target / view.scale, at) : fit();
}

function slide(at) {
  const of = size();
  if (!same || original || !of) return;
  $("slider").value = String(Math.round((100 * (at[0] - view.x)) / (of[0] * view.scale)));
  aligned();
}

function wheeled(event) {
  const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
  if (scrolls && !event.ctrlKey) return; // the page itself wants to move
  event.preventDefault();
  zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) * (event.ctrlKey ? 0.01 : 0.004)), local(event));
}

// The frame has the focus: arrows move a zoomed picture, unless a tool wants them.
function keyed(event) {
  if (event.target !== $("frame") || event.ctrlKey || event.metaKey || event.altKey || tool.key(event)) return;
  const side = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  const step = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
  if (side && $("frame").classList.contains("wide")) {
    view.x += side[0];
    view.y += side[1];
    aligned();
  } else if (side?.[0] && !original && same) {
    $("slider").value = String(Number($("slider").value) - side[0] / 30);
    aligned();
  } else if (step) zoom(step);
  else if (event.key === "0") fit();
  else if (event.key === "1") actual();
  else return;
  event.preventDefault();
}
