// The controls of the form: rows with a label, background swatches and preset cards.
import { createElement } from "./dom.js";
import { text } from "./strings.js";

// `kind` is true for a switch, "button", a colour ("#...") or a number ("number 1 20000"); [min, max, step, default, unit] for a
// range; { value: label } for a selection.
export function createRow(name, kind) {
  const label = createElement("label", { className: "row" });
  label.dataset.row = name;
  label.append(createElement("span", { textContent: text.rows[name] }), ...createControl(name, kind, label));
  if (text.hints[name]) label.append(createElement("small", { textContent: text.hints[name] }));
  return label;
}

function createControl(name, kind, label) {
  if (kind === true) return [createElement("input", { type: "checkbox", name, className: "switch", role: "switch" })];
  if (kind === "button") return [createElement("button", { type: "button", id: "picture", textContent: text.choosePicture })];
  if (Array.isArray(kind)) return createRange(name, kind, label);
  if (typeof kind === "string" && kind.startsWith("number")) return [createNumber(name, kind.split(" ").slice(1))];
  if (typeof kind === "string") return createColour(name, kind);
  const select = createElement("select", { name });
  select.append(...Object.entries(kind).map(([value, option]) => new Option(option, value)));
  return [select];
}

function createRange(name, [min, max, step, value, unit], label) {
  label.title = text.resetControl;
  const input = createElement("input", { type: "range", name, min, max, step, defaultValue: value });
  const output = createElement("output", { className: "value" });
  output.setAttribute("aria-hidden", "true");
  input.dataset.unit = unit;
  return [input, output];
}

// Empty for none.
const createNumber = (name, [min, max]) => createElement("input", { type: "number", name, min, max, step: 1, inputMode: "numeric", placeholder: "px" });

// A colour, to be chosen, typed as #rrggbb, or taken from the screen where the browser can do that.
function createColour(name, value) {
  const colour = createElement("input", { type: "color", name, value }), box = createElement("span", { className: "colour" });
  const code = createElement("input", { type: "text", value, maxLength: 7, spellcheck: false, autocomplete: "off" });
  code.setAttribute("aria-label", text.hexCode);
  code.dataset.codeOf = name;
  code.addEventListener("input", () => {
    const match = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(code.value.trim());
    code.setAttribute("aria-invalid", String(!match));
    if (!match) return;
    const digits = match[1].length === 3 ? match[1].replace(/./g, "$&$&") : match[1];
    setColour(colour, `#${digits.toLowerCase()}`);
  });
  box.append(colour, code);
  if ("EyeDropper" in window) box.append(createEyeDropper(colour));
  return [box];
}

function createEyeDropper(colour) {
  const button = createElement("button", { type: "button", className: "plain", title: text.eyeDropper, innerHTML: `<svg aria-hidden="true"><use href="#i-pick"/></svg>` });
  button.setAttribute("aria-label", text.eyeDropper);
  button.addEventListener("click", () => new window.EyeDropper().open().then(({ sRGBHex }) => setColour(colour, sRGBHex), () => {})); // or it was cancelled
  return button;
}

function setColour(colour, value) {
  colour.value = value;
  colour.dispatchEvent(new Event("input", { bubbles: true }));
}

export function createSwatch(value, name) {
  const label = createElement("label", { className: "swatch", title: name });
  const input = createElement("input", { type: "radio", name: "paint", value, checked: value === "transparent" });
  const face = createElement("i");
  face.dataset.paint = value;
  if (/^(#|white|black|linear)/.test(value)) face.style.setProperty("--paint", value);
  label.append(input, face, createElement("span", { textContent: name }));
  return label;
}

export function createPresetCard(value, name, title) {
  const label = createElement("label", { className: "preset" }), picture = createElement("i");
  picture.dataset.preset = value;
  label.append(
    createElement("input", { type: "radio", name: "preset", value }),
    picture,
    createElement("strong", { textContent: name }),
    createElement("span", { textContent: title }),
  );
  return label;
}
