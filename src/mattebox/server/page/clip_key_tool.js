// The tool for key frames: marks by pointer or keys on the frame on show, and diamonds on the time line.
import { addMark, keyAt, neighbourKey, removeKey, removeMark } from "./clip_keys.js";
import { frameShown, frameTime, pause, seek } from "./clip_player.js";
import { clipText } from "./clip_text.js";
import { formatTime } from "./clip_time.js";
import { byId, createElement } from "./dom.js";
import { setStatus } from "./status_line.js";

const TAP_PIXELS = 16; // around a mark, within which a tap takes it back
const STEP_PERCENT = 2, LARGE_STEP_PERCENT = 10;
let clip = null, tool = null, cross = null, onChange = () => {};

// `changeListener` receives the clip when its keys, or the tool, have changed.
export function initKeyTool(changeListener) {
  onChange = changeListener;
  for (const mode of ["keep", "drop"]) byId(`clip-${mode}`).addEventListener("click", () => selectTool(tool === mode ? null : mode));
  byId("clip-previous").addEventListener("click", () => goToNeighbour(-1));
  byId("clip-next").addEventListener("click", () => goToNeighbour(1));
  byId("clip-delete").addEventListener("click", () => deleteKey(currentKey()));
  byId("clip-picture").addEventListener("click", onClick);
  byId("clip").addEventListener("keydown", onKeyDown, { capture: true });
}

export const isMarking = () => tool !== null;

export function selectTool(mode) {
  tool = mode;
  cross = null;
  if (mode) pause();
  onChange(clip);
  if (mode) setStatus([clipText().keyHints[mode], matchMedia("(hover: hover)").matches ? clipText().keyHints.keyboard : ""].join(" ").trim());
}

const currentKey = () => clip && keyAt(clip.keys, frameTime());

function setKeys(keys) {
  clip.keys = keys;
  onChange(clip);
}

async function onClick(event) {
  if (!tool || clip.work) return;
  pause();
  await frameShown();
  const box = byId("clip-picture").getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
  const distance = ({ point: [x, y] }) => Math.hypot((x / 100) * box.width - at[0], (y / 100) * box.height - at[1]);
  const key = currentKey(), touched = key?.marks.find((mark) => distance(mark) < TAP_PIXELS);
  if (touched) setKeys(removeMark(clip.keys, key, touched));
  else mark([(100 * at[0]) / box.width, (100 * at[1]) / box.height]);
}

async function mark(point) {
  pause();
  await frameShown();
  setKeys(addMark(clip.keys, frameTime(), { mode: tool, point: point.map((v) => Math.round(Math.min(100, Math.max(0, v)) * 100) / 100) }));
}

// With a tool, arrows on the picture move a cross, and Enter marks there. Shift and an arrow go to the key before or after.
function onKeyDown(event) {
  if (!clip || event.ctrlKey || event.metaKey || event.altKey) return;
  const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key], isOnPicture = event.target.id === "clip-stage";
  if (tool && isOnPicture && direction) moveCross(direction.map((v) => v * (event.shiftKey ? LARGE_STEP_PERCENT : STEP_PERCENT)));
  else if (tool && isOnPicture && event.key === "Enter") mark(cross ?? [50, 50]);
  else if (tool && event.key === "Escape") selectTool(null);
  else if (event.shiftKey && direction?.[0]) goToNeighbour(direction[0]);
  else if (["Delete", "Backspace"].includes(event.key) && event.target.closest(".clip-key")) deleteKey(clip.keys[[...byId("clip-keys").children].indexOf(event.target)]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function moveCross(step) {
  cross = (cross ?? [50, 50]).map((v, axis) => Math.min(99, Math.max(1, v + step[axis])));
  renderMarks();
}

function goTo(key) {
  pause();
  seek(key.time + 1e-4); // not before it, by rounding
}

function goToNeighbour(offset) {
  const key = neighbourKey(clip.keys, frameTime(), offset);
  if (key) goTo(key);
}

function deleteKey(key) {
  if (!key || clip.work) return;
  const hadFocus = document.activeElement.matches(".clip-key, #clip-delete");
  setKeys(removeKey(clip.keys, key));
  if (hadFocus) byId("clip-time").focus();
}

// ---- drawing

// Draws the tool for a clip; `isOriginal` tells whether its own frames are on show, on which marks can be made.
export function renderKeyTool(shownClip, isOriginal) {
  if (shownClip !== clip || !isOriginal) [tool, cross] = [null, null];
  clip = shownClip;
  byId("clip-tools").hidden = !clip.isShowable;
  for (const mode of ["keep", "drop"]) {
    byId(`clip-${mode}`).setAttribute("aria-pressed", String(tool === mode));
    byId(`clip-${mode}`).disabled = Boolean(clip.work);
  }
  byId("clip-stage").dataset.tool = tool ?? "";
  byId("clip-keys").hidden = !clip.keys.length;
  byId("clip-keys").replaceChildren(...clip.keys.map(createDiamond));
  byId("clip-marks").toggleAttribute("hidden", !isOriginal);
  renderMarks();
}

function createDiamond(key) {
  const diamond = createElement("button", { type: "button", className: "clip-key", title: clipText().key(formatTime(key.time), key.marks.length) });
  diamond.setAttribute("aria-label", diamond.title);
  diamond.style.setProperty("--at", String(key.time / clip.duration));
  diamond.addEventListener("click", () => goTo(key));
  return diamond;
}

// The marks of the frame on show, and which diamond is its.
export function renderMarks() {
  if (!clip) return;
  const key = currentKey(), time = frameTime(), marks = [...(key?.marks ?? []), ...(tool && cross ? [{ mode: "cross", point: cross }] : [])];
  byId("clip-marks").replaceChildren(...marks.map(createMark));
  for (const [i, diamond] of [...byId("clip-keys").children].entries()) diamond.toggleAttribute("data-current", clip.keys[i] === key);
  byId("clip-delete").hidden = !key || Boolean(clip.work);
  for (const [id, offset] of [["clip-previous", -1], ["clip-next", 1]]) {
    byId(id).hidden = !clip.keys.length;
    byId(id).disabled = !neighbourKey(clip.keys, time, offset);
  }
}

function createMark({ mode, point: [x, y] }) {
  const node = createElement("span", { className: `clip-mark ${mode}`, textContent: { keep: "+", drop: "−", cross: "" }[mode] });
  Object.assign(node.style, { left: `${x}%`, top: `${y}%` });
  return node;
}
