// Places on the photograph that are chosen by a tap, or by a cross that arrow keys move: what is in focus of a lens
// (setting `bokeh_focus`), and which of several subjects is kept (setting `pick_place`). Each is "X%,Y%", or empty.
import { byId } from "./dom.js";
import { readValues, setControl } from "./form.js";
import { endChange } from "./history.js";
import { parsePlace, placeText } from "./places.js";
import { text } from "./strings.js";
import { photographPoint } from "./viewer.js";

const KEY_SHARE = 0.02, LARGE_KEY_SHARE = 0.1, MIDDLE = [0.5, 0.5];
const SETTINGS = { focus: "bokeh_focus", pick: "pick_place" };
let open = null, place = MIDDLE, announce = () => {}, isOffered = {};

// `announcer` receives what is to be said; `offered` has for each tool a function that tells whether it has a use now.
export function initPlaceTools(announcer, offered) {
  [announce, isOffered] = [announcer, offered];
  for (const name of Object.keys(SETTINGS)) byId(`${name}-tool`).addEventListener("click", () => (open === name ? close() : openTool(name)));
  byId("focus-reset").addEventListener("click", () => { change("focus", ""); byId("focus-tool").focus(); });
  byId("controls").addEventListener("change", ({ target }) => { if (target.name === "pick" && target.value === "place" && !readValues().pick_place) openTool("pick"); });
}

function openTool(name) {
  [open, place] = [name, parsePlace(readValues()[SETTINGS[name]]) ?? MIDDLE];
  renderPlaces();
  announce(text.placeHints[name]);
  byId("frame").focus();
}

function close() {
  open = null;
  renderPlaces();
}

// The tool that a tap is for: the open one; else that of the lens.
const tappedTool = () => (open && isOffered[open]() ? open : isOffered.focus() ? "focus" : null);
export const takesTaps = () => tappedTool() !== null;

// A tap at a point in percent of what is shown; whether it was taken.
export function tapAt(point) {
  const name = tappedTool(), [x, y] = photographPoint(point);
  if (!name || x < 0 || y < 0 || x >= 100 || y >= 100) return false;
  choose(name, [x / 100, y / 100]);
  return true;
}

function choose(name, shares) {
  open = null;
  change(name, placeText(shares));
  announce(text.placeChosen[name]);
}

// One step of the history.
function change(name, value) {
  endChange();
  setControl(SETTINGS[name], value, { notifies: true });
  endChange();
  renderPlaces();
}

// Keys of the viewer while a tool is open; whether one was taken.
export function placeKey(event) {
  if (!open || !isOffered[open]()) return false;
  const step = event.shiftKey ? LARGE_KEY_SHARE : KEY_SHARE, direction = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (direction) place = place.map((v, axis) => Math.min(0.99, Math.max(0.01, v + direction[axis])));
  else if (event.key === "Enter" || event.key === " ") choose(open, place);
  else if (event.key === "Escape") close();
  else return false;
  event.preventDefault();
  renderPlaces();
  return true;
}

// A ring around what is in focus, and the cross that is being moved.
export function renderPlaces() {
  if (open && !isOffered[open]()) open = null;
  const chosen = open ? place : isOffered.focus() ? parsePlace(readValues().bokeh_focus) : null, ring = byId("place-ring");
  byId("frame").classList.toggle("places", takesTaps());
  ring.hidden = !chosen;
  ring.classList.toggle("moving", Boolean(open));
  if (chosen) Object.assign(ring.style, { left: `${100 * chosen[0]}%`, top: `${100 * chosen[1]}%` });
  for (const name of Object.keys(SETTINGS)) byId(`${name}-tool`).setAttribute("aria-pressed", String(open === name));
  byId("focus-reset").hidden = !readValues().bokeh_focus;
}
