// Looks: settings that are saved under a name in this browser, and used again with other photographs.
import { byId, createElement } from "./dom.js";
import { localSettings } from "./storage.js";
import { text } from "./strings.js";

const OF_ONE_PHOTOGRAPH = ["backdrop", "crop_to"]; // not part of a look
const STORED = "looks";
let callbacks = {};

// `handlers` has readValues() and useValues(values).
export function initLooks(handlers) {
  callbacks = handlers;
  byId("look-name").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    saveLook();
  });
  byId("look-save").addEventListener("click", saveLook);
  byId("looks").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.look) callbacks.useValues(readLooks()[button.dataset.look]);
    else if (button?.dataset.forget) forgetLook(button.dataset.forget);
  });
  renderLooks();
}

const readLooks = () => JSON.parse(localSettings.get(STORED) ?? "{}");

function writeLooks(looks) {
  localSettings.set(STORED, Object.keys(looks).length ? JSON.stringify(looks) : null);
  renderLooks();
}

function saveLook() {
  const name = byId("look-name").value.trim();
  if (!name) return byId("look-name").focus();
  const values = Object.entries(callbacks.readValues()).filter(([key]) => !OF_ONE_PHOTOGRAPH.includes(key));
  writeLooks({ ...readLooks(), [name]: Object.fromEntries(values) });
  byId("look-name").value = "";
  return byId("looks").querySelector(`[data-look="${CSS.escape(name)}"]`).focus();
}

function forgetLook(name) {
  writeLooks(Object.fromEntries(Object.entries(readLooks()).filter(([other]) => other !== name)));
  byId("look-name").focus();
}

// The saved looks as buttons, each with one that removes it.
export function renderLooks() {
  const lines = Object.keys(readLooks()).map((name) => {
    const line = createElement("div", { className: "offer" }), use = createElement("button", { type: "button", className: "plain", textContent: name });
    const forget = createElement("button", { type: "button", className: "plain", innerHTML: `<svg aria-hidden="true"><use href="#i-close"/></svg>` });
    use.dataset.look = name;
    forget.dataset.forget = name;
    forget.setAttribute("aria-label", text.forgetLook(name));
    line.append(use, forget);
    return line;
  });
  byId("look-list").replaceChildren(...lines);
}
