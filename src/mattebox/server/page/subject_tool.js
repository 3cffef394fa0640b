// The tool that places the subject: it is moved by dragging it, sized by its corners, rotated by the handle above it; two fingers do all
// at once, and keys each of it. What it sets are the settings `fill`, `across`, `down` and `rotate`.
import { byId, createElement } from "./dom.js";
import { readValues, setControls } from "./form.js";
import { beginGesture, endChange } from "./history.js";
import { text } from "./strings.js";
import { hasRoom, transformSubject } from "./subject_transform.js";

const CORNERS = [[-1, -1], [1, -1], [1, 1], [-1, 1]], TABBED_CORNER = 2;
const KEY_PERCENT = 1, LARGE_KEY_PERCENT = 10, KEY_RATIO = 1.02, LARGE_KEY_RATIO = 1.1, KEY_DEGREES = 1, LARGE_KEY_DEGREES = 15;
const HANDLE_ROOM_PIXELS = 40, HANDLE_INSET_PIXELS = 26; // of the handle that rotates: above the box, or in it where that is not on the screen
const pointers = new Map();
let isOpen = false, box = null, drag = null, note = null, onToggled = () => {}, announce = () => {}, isOffered = () => false;

export const isPlacing = () => isOpen;
export const placingNote = () => (isOpen ? note : null);

// `toggleListener` is called when the tool opens or closes; `announcer` receives what is to be said; `offered` tells whether it has a use now.
export function initSubjectTool(toggleListener, announcer, offered) {
  [onToggled, announce, isOffered] = [toggleListener, announcer, offered];
  byId("subject-tool").addEventListener("click", () => (isOpen ? closeSubjectTool() : open()));
  byId("subject-reset").addEventListener("click", () => { endChange(); change({ fill: 0, across: 50, down: 50, rotate: 0 }); endChange(); byId("subject-tool").focus(); });
  const area = byId("placing");
  byId("subject-box").append(...CORNERS.map(createCorner), createHandle("rotate", {}));
  area.addEventListener("pointerdown", startDrag);
  area.addEventListener("pointermove", continueDrag);
  for (const type of ["pointerup", "pointercancel"]) area.addEventListener(type, endDrag);
  area.addEventListener("keydown", onKey);
}

function createCorner([x, y], index) {
  return createHandle("size", { x, y, tabIndex: index === TABBED_CORNER ? 0 : -1 });
}

function createHandle(kind, { x, y, tabIndex = 0 }) {
  const handle = createElement("button", { type: "button", className: "crop-handle", tabIndex });
  Object.assign(handle.dataset, { kind, ...(x && { x, y }) });
  if (kind === "rotate") handle.innerHTML = `<svg aria-hidden="true"><use href="#i-redo"/></svg>`;
  return handle;
}

function open() {
  [isOpen, note] = [true, text.placingHint];
  onToggled();
  announce(note);
  byId("placing").focus();
}

export function closeSubjectTool() {
  if (!isOpen) return;
  [isOpen, drag] = [false, null];
  pointers.clear();
  endChange();
  onToggled();
}

// Shows the tool around a subject whose box is given in shares of what is shown; null where there is none.
export function renderSubjectTool(subjectBox) {
  if (isOpen && !isOffered()) return closeSubjectTool();
  box = subjectBox;
  const values = readValues(), area = byId("placing"), frame = byId("subject-box");
  area.hidden = !isOpen || !box;
  byId("subject-tool").setAttribute("aria-pressed", String(isOpen));
  byId("subject-reset").hidden = values.fill === "0" && values.rotate === "0";
  if (area.hidden) return undefined;
  const [left, top, right, bottom] = box.map((share) => `${100 * share}%`);
  Object.assign(frame.style, { left, top, right: `calc(100% - ${right})`, bottom: `calc(100% - ${bottom})` });
  const above = byId("sheet").getBoundingClientRect().top + box[1] * byId("sheet").clientHeight - byId("frame").getBoundingClientRect().top;
  frame.style.setProperty("--turn", `${above < HANDLE_ROOM_PIXELS ? HANDLE_INSET_PIXELS : -HANDLE_INSET_PIXELS}px`);
  area.setAttribute("aria-label", text.placingArea);
  for (const handle of frame.children) handle.setAttribute("aria-label", text.placingHandles[handle.dataset.kind]);
  return undefined;
}

// ---- pointers

function startDrag(event) {
  if (event.button !== 0 || !box || pointers.size > 1) return;
  event.stopPropagation();
  byId("placing").setPointerCapture(event.pointerId);
  const isFirst = !pointers.size, handle = event.target.closest("[data-kind]");
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
  if (isFirst) beginGesture();
  drag = { kind: pointers.size === 2 ? "pinch" : (handle?.dataset.kind ?? "move"), shown: shownSubject(), middle: middleOnScreen(), start: [...pointers.values()] };
}

function continueDrag(event) {
  if (!drag || !pointers.has(event.pointerId)) return;
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
  const { width, height } = byId("sheet").getBoundingClientRect(), { kind, shown, middle, start } = drag, now = [...pointers.values()];
  const shift = (from, to) => [(to[0] - from[0]) / width, (to[1] - from[1]) / height];
  if (kind === "move") change(transformSubject(shown, { by: shift(start[0], now[0]) }));
  else if (kind === "size") change(transformSubject(shown, { ratio: distance(now[0], middle) / Math.max(1, distance(start[0], middle)) }));
  else if (kind === "rotate") change(transformSubject(shown, { degrees: angle(middle, now[0]) - angle(middle, start[0]), snap: event.shiftKey ? "large" : "upright" }));
  else if (now.length === 2) {
    const ratio = distance(...now) / Math.max(1, distance(...start));
    change(transformSubject(shown, { by: shift(half(...start), half(...now)), ratio, degrees: angle(...now) - angle(...start), snap: "upright" }));
  }
}

function endDrag(event) {
  if (!pointers.delete(event.pointerId)) return;
  const isStill = drag?.kind === "move" && !hasRoom(drag.shown, 0) && !hasRoom(drag.shown, 1);
  drag = null; // another finger moves nothing
  if (pointers.size) return;
  endChange();
  say(isStill ? text.noRoom : describe());
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const angle = (from, to) => (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
const half = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

function middleOnScreen() {
  const { left, top, width, height } = byId("subject-box").getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

// ---- keys

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const kind = event.target.dataset.kind ?? "move", isLarge = event.shiftKey, direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (["Enter", "Escape"].includes(event.key)) closeSubjectTool(), byId("subject-tool").focus();
  else if (box && ["+", "=", "-", "_"].includes(event.key)) sizeByKey("+=".includes(event.key) ? KEY_RATIO : 1 / KEY_RATIO);
  else if (box && direction) changeByArrow(kind, direction, isLarge);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function changeByArrow(kind, [x, y], isLarge) {
  if (kind === "size") sizeByKey((isLarge ? LARGE_KEY_RATIO : KEY_RATIO) ** (x || -y));
  else if (kind === "rotate") changeAndSay(transformSubject(shownSubject(), { degrees: (x || y) * (isLarge ? LARGE_KEY_DEGREES : KEY_DEGREES), snap: isLarge ? "large" : "none" }));
  else moveByKey(x ? 0 : 1, (x || y) * (isLarge ? LARGE_KEY_PERCENT : KEY_PERCENT));
}

// By percent of the room that there is.
function moveByKey(axis, percent) {
  const shown = shownSubject(), name = ["across", "down"][axis];
  if (!hasRoom(shown, axis)) return say(text.noRoom);
  const here = transformSubject(shown, { by: [0, 0] });
  return changeAndSay({ ...here, [name]: Math.min(100, Math.max(0, Math.round(here[name]) + percent)) });
}

const sizeByKey = (ratio) => changeAndSay(transformSubject(shownSubject(), { ratio }));

// ---- settings

// See subject_transform.js.
function shownSubject() {
  const { crop, margin, rotate, crop_to: part } = readValues();
  return { box, margin: crop && !part ? Number(margin) / 100 : 0, rotate: Number(rotate) };
}

function change(values) {
  setControls(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])), { notifies: true });
}

function changeAndSay(values) {
  change(values);
  say(describe());
}

function say(message) {
  note = message;
  announce(message);
}

function describe() {
  const { fill, across, down, rotate } = readValues();
  return text.placed(...[fill, across, down, rotate].map((value) => Number(value).toLocaleString(text.language)));
}
