// Keyboard shortcuts outside of text fields. Single-key shortcuts can be turned off (WCAG 2.1.4).
import { byId } from "./dom.js";
import * as history from "./history.js";
import * as scribbles from "./scribbles.js";
import { localSettings } from "./storage.js";

// `page` has selectedItem(), selectNeighbour(offset) and copyResult().
export function initKeyboard(page) {
  const plainKeyActions = {
    v: () => scribbles.selectTool("look"), k: () => scribbles.selectTool("keep"), r: () => scribbles.selectTool("drop"), h: () => scribbles.selectTool("heal"),
    c: () => byId("original").click(), "[": () => scribbles.resizeBrush(0.8), "]": () => scribbles.resizeBrush(1.25),
    ",": () => page.selectNeighbour(-1), ".": () => page.selectNeighbour(1),
  };
  const ctrlKeyActions = { z: history.undo, y: history.redo, Z: history.redo, c: () => page.copyResult() };
  const openHelp = () => byId("keys").showModal();
  const actionFor = (event) => {
    if (event.ctrlKey || event.metaKey) return ctrlKeyActions[event.key];
    if (!byId("shortcuts").checked) return null;
    return event.key === "?" ? openHelp : plainKeyActions[event.key];
  };
  byId("shortcuts").checked = localSettings.get("no-shortcuts") === null;
  byId("shortcuts").addEventListener("change", (event) => localSettings.set("no-shortcuts", event.target.checked ? null : "1"));
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey || isTyped(event)) return;
    const action = actionFor(event), copiesText = event.key === "c" && event.ctrlKey && String(getSelection());
    if (!action || (event.key !== "?" && !page.selectedItem()) || copiesText) return;
    event.preventDefault();
    action();
  });
}

// Whether a key belongs to the field that has the focus: selections take letters, but not those with Ctrl.
const isTyped = ({ target, ctrlKey, metaKey }) => target.matches("textarea, input:not([type=range], [type=checkbox], [type=radio], [type=color])")
  || (target.matches("select") && !ctrlKey && !metaKey);
