// The crop tool: a rectangle over the photograph that is moved and resized by pointer or keys. What it leaves is the setting
// `crop_to`, "X1% Y1% X2% Y2%"; empty for all of it.
import { byId, createElement } from "./dom.js";
import { readValues, setControl } from "./form.js";
import { endChange } from "./history.js";
import { text } from "./strings.js";
import * as viewer from "./viewer.js";

const HANDLES = [[-1, -1], [0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0]]; // which sides each moves, along x and y
const MIN_SHARE = 0.02, KEY_SHARE = 0.01, LARGE_KEY_SHARE = 0.1;
const WHOLE = [0, 0, 1, 1];
let isOpen = false, box = WHOLE, drag = null, onToggled = () => {}, announce = () => {};

export const isCropping = () => isOpen;

// `toggleListener` is called when the tool opens or closes; `announcer` receives what is to be said.
export function initCropTool(toggleListener, announcer) {
  [onToggled, announce] = [toggleListener, announcer];
  byId("crop-tool").addEventListener("click", () => (isOpen ? closeCropTool() : open()));
  byId("crop-reset").addEventListener("click", () => { box = WHOLE; apply(); closeCropTool(); });
  const area = byId("crop");
  area.append(...HANDLES.map(createHandle));
  area.addEventListener("pointerdown", startDrag);
  area.addEventListener("pointermove", continueDrag);
  for (const type of ["pointerup", "pointercancel"]) area.addEventListener(type, endDrag);
  area.addEventListener("keydown", onKey);
}

// The part that a setting leaves, in shares of the photograph; null for all of it.
export function parseCropBox(value) {
  const shares = (value ?? "").split(" ").map((word) => parseFloat(word) / 100);
  return shares.length === 4 && shares.every((share) => share >= 0 && share <= 1) ? shares : null;
}

export function closeCropTool() {
  if (!isOpen) return;
  isOpen = false;
  endChange();
  update();
  onToggled();
}

function open() {
  box = parseCropBox(readValues().crop_to) ?? WHOLE;
  isOpen = true;
  update();
  onToggled();
  byId("crop").focus();
}

function createHandle([x, y], index) {
  const handle = createElement("button", { type: "button", className: "crop-handle" });
  Object.assign(handle.dataset, { index, x, y });
  return handle;
}

function update() {
  const area = byId("crop"), [left, top, right, bottom] = box.map((share) => 100 * share);
  area.hidden = !isOpen;
  byId("crop-tool").setAttribute("aria-pressed", String(isOpen));
  byId("crop-reset").hidden = !readValues().crop_to;
  Object.assign(area.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
  area.setAttribute("aria-label", text.cropArea);
  for (const handle of area.children) handle.setAttribute("aria-label", text.cropHandles[handle.dataset.index]);
}

export const refreshCropTool = update;

const toText = () => box.map((share) => `${(100 * share).toFixed(2)}%`).join(" ");

function apply() {
  setControl("crop_to", box.every((share, i) => share === WHOLE[i]) ? "" : toText(), { notifies: true });
  update();
  const [width, height] = viewer.imageSize() ?? [0, 0];
  announce(text.cropSize(Math.round((box[2] - box[0]) * width), Math.round((box[3] - box[1]) * height)));
}

// ---- pointer and keys

function startDrag(event) {
  if (event.button !== 0) return;
  event.stopPropagation();
  const handle = event.target.closest(".crop-handle");
  byId("crop").setPointerCapture(event.pointerId);
  drag = { sides: handle ? [Number(handle.dataset.x), Number(handle.dataset.y)] : null, at: [event.clientX, event.clientY], box };
}

function continueDrag(event) {
  if (!drag) return;
  const { width, height } = byId("sheet").getBoundingClientRect();
  const by = [(event.clientX - drag.at[0]) / width, (event.clientY - drag.at[1]) / height];
  box = drag.sides ? resize(drag.box, drag.sides, by, ratioShare()) : move(drag.box, by);
  update();
}

function endDrag() {
  if (!drag) return;
  drag = null;
  apply();
  endChange();
}

function onKey(event) {
  if (event.key === "Enter" || event.key === "Escape") {
    event.preventDefault();
    closeCropTool();
    byId("crop-tool").focus();
    return;
  }
  const step = event.shiftKey ? LARGE_KEY_SHARE : KEY_SHARE, { x, y } = event.target.dataset;
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  box = x === undefined ? move(box, by) : resize(box, [Number(x), Number(y)], by, ratioShare());
  apply();
}

// ---- arithmetic on boxes [left, top, right, bottom] in shares

// The shape that is chosen, as width over height in shares of the photograph; null for any.
function ratioShare() {
  const [wide, tall] = readValues().aspect.split(":").map(Number), [width, height] = viewer.imageSize() ?? [1, 1];
  return tall ? (wide / tall) * (height / width) : null;
}

const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

export function move([left, top, right, bottom], [dx, dy]) {
  const x = clamp(dx, -left, 1 - right), y = clamp(dy, -top, 1 - bottom);
  return [left + x, top + y, right + x, bottom + y];
}

// Moves sides (-1 the first, 1 the last, 0 none along an axis); with a ratio, the other length follows.
export function resize([left, top, right, bottom], [x, y], [dx, dy], ratio) {
  if (x < 0) left = clamp(left + dx, 0, right - MIN_SHARE);
  if (x > 0) right = clamp(right + dx, left + MIN_SHARE, 1);
  if (y < 0) top = clamp(top + dy, 0, bottom - MIN_SHARE);
  if (y > 0) bottom = clamp(bottom + dy, top + MIN_SHARE, 1);
  if (!ratio) return [left, top, right, bottom];
  const roomX = x < 0 ? right : 1 - left, roomY = y < 0 ? bottom : 1 - top;
  let width = x ? right - left : (bottom - top) * ratio;
  width = Math.min(width, roomX, roomY * ratio);
  const height = width / ratio;
  return [x < 0 ? right - width : left, y < 0 ? bottom - height : top, x < 0 ? right : left + width, y < 0 ? bottom : top + height];
}
