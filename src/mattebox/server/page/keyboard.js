// Keys that work wherever the focus is, but in fields. Single keys can be turned off (WCAG 2.1.4).
import * as marks from "/page/marks.js";
import { kept } from "/page/store.js";

const $ = (id) => document.getElementById(id);

// `page` has shown(), step(by) and copy().
export function keyboard(page) {
  const single = {
    v: () => marks.choose("look"), k: () => marks.choose("keep"), r: () => marks.choose("drop"), c: () => $("original").click(),
    "[": () => marks.grow(0.8), "]": () => marks.grow(1.25), ",": () => page.step(-1), ".": () => page.step(1),
  };
  const held = { z: marks.undo, y: marks.redo, Z: marks.redo, c: () => page.copy() };
  $("shortcuts").checked = kept.get("no-shortcuts") === null;
  $("shortcuts").addEventListener("change", (event) => kept.set("no-shortcuts", event.target.checked ? null : "1"));
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey || typing(event.target)) return;
    const action = event.ctrlKey || event.metaKey ? held[event.key] : $("shortcuts").checked ? (event.key === "?" ? () => $("keys").showModal() : single[event.key]) : null;
    if (!action || (event.key !== "?" && !page.shown()) || (event.key === "c" && event.ctrlKey && String(getSelection()))) return;
    event.preventDefault();
    action();
  });
}

const typing = (node) => node.matches("select, textarea, input:not([type=range], [type=checkbox], [type=radio])");
