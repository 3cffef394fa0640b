// The controls: made from a table, remembered in this browser, read as one FormData. Knows nothing of photographs.
import { kept } from "/page/store.js";
import { text } from "/page/strings.js";

const $ = (id) => document.getElementById(id);
const TABS = ["background", "light", "frame", "size", "presets"];
// name: [least, most, step, at first, unit]; the ranges lie within those of recipe.py
const ROWS = {
  paint: { colour: "#9fc7b8", picture: "button", blur: [1, 12, 0.5, 3, " %"], harmonise: [0, 100, 5, 0, " %"] },
  shadow: { shadow: text.shadowKinds, shadow_opacity: [5, 90, 5, 45, " %"], shadow_softness: [0, 20, 1, 4, " %"] },
  cut: { model: text.models },
  light: {
    auto: true, exposure: [-2, 2, 0.1, 0, ""], contrast: [-60, 60, 2, 0, ""], highlights: [-100, 100, 5, 0, ""], shadows: [-100, 100, 5, 0, ""],
    clarity: [-100, 100, 5, 0, ""], saturation: [-100, 100, 5, 0, ""], vibrance: [-100, 100, 5, 0, ""], sharpen: [0, 200, 10, 0, ""], only: text.wheres,
  },
  frame: { crop: true, margin: [0, 40, 1, 5, " %"], aspect: text.aspects, outline: [0, 50, 1, 0, ""] },
  size: { upscale: text.sizes, style: text.styles, style_strength: [10, 100, 5, 80, " %"] },
};
let plain = {};

export const said = () => new FormData($("controls"));

// Builds the controls and sets them as they were last time. `changed` is called after every change.
export function begin(changed) {
  for (const box of document.querySelectorAll("[data-rows]")) for (const [name, kind] of Object.entries(ROWS[box.dataset.rows])) box.append(row(name, kind));
  for (const [value, name] of Object.entries(text.formats)) $("controls").elements.format.append(new Option(name, value));
  $("paints").append(...Object.entries(text.paints).map(([value, name]) => swatch(value, name)));
  presets({});
  tabs();
  plain = values();
  restore();
  $("controls").addEventListener("input", (event) => { if (event.target.name) { remember(); told(); changed(); } });
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("controls").addEventListener("dblclick", (event) => reset(event.target.closest(".row"), changed));
  $("defaults").addEventListener("click", () => { set(plain); remember(); told(); changed(); });
  told();
}

// The presets that the server has, as cards; but for the one that cuts nothing, which is what "light" is for.
export function presets(known) {
  const chosen = $("controls").elements.preset?.value || stored().preset || "";
  $("presets").replaceChildren(card("", text.noPreset, text.noPresetMore), ...Object.entries(known).filter(([name]) => name !== "enhance").map(([name, title]) => card(name, named(name), capital(title))));
  for (const node of $("presets").querySelectorAll("input")) node.checked = node.value === chosen;
  if (!said().has("preset")) $("presets").querySelector("input").checked = true;
  told();
}

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);
export const named = (preset) => text.presetNames[preset] ?? capital(preset);

export function choose(name, value) {
  set({ [name]: value });
  remember();
  told();
}

function row(name, kind) {
  const label = document.createElement("label"), title = document.createElement("span");
  label.className = "row";
  label.dataset.row = name;
  title.textContent = text.rows[name];
  label.append(title);
  if (kind === true) label.append(made("input", { type: "checkbox", name, className: "switch", role: "switch" }));
  else if (kind === "button") label.append(made("button", { type: "button", id: "picture", textContent: text.choosePicture }));
  else if (typeof kind === "string") label.append(made("input", { type: "color", name, value: kind }));
  else if (Array.isArray(kind)) label.append(...range(name, kind, label));
  else {
    label.append(made("select", { name }));
    for (const [value, option] of Object.entries(kind)) label.lastChild.append(new Option(option, value));
  }
  if (text.hints[name]) label.append(made("small", { textContent: text.hints[name] }));
  return label;
}

function range(name, [min, max, step, value, unit], label) {
  label.title = text.resetOne;
  const input = made("input", { type: "range", name, min, max, step, defaultValue: value });
  const output = made("output", { className: "value" });
  output.setAttribute("aria-hidden", "true");
  input.dataset.unit = unit;
  return [input, output];
}

function swatch(value, name) {
  const label = made("label", { className: "swatch", title: name });
  const input = made("input", { type: "radio", name: "paint", value, checked: value === "transparent" });
  const face = made("i", {});
  face.dataset.paint = value;
  if (/^(#|white|black|linear)/.test(value)) face.style.setProperty("--paint", value);
  label.append(input, face, made("span", { textContent: name }));
  return label;
}

function card(value, name, title) {
  const label = made("label", { className: "preset" });
  label.append(made("input", { type: "radio", name: "preset", value }), made("strong", { textContent: name }), made("span", { textContent: title }));
  return label;
}

const made = (tag, properties) => Object.assign(document.createElement(tag), properties);

// ---- tabs, after the pattern of the ARIA practices guide

function tabs() {
  for (const name of TABS) {
    const tab = made("button", { type: "button", id: `t-${name}`, role: "tab" });
    tab.setAttribute("aria-controls", `p-${name}`);
    tab.innerHTML = `<svg aria-hidden="true"><use href="#i-${name}"/></svg>`;
    tab.append(made("span", { textContent: text[`${name}Tab`] }));
    tab.addEventListener("click", () => open(name));
    $("tabs").append(tab);
    $(`p-${name}`).setAttribute("aria-labelledby", `t-${name}`);
  }
  $("tabs").addEventListener("keydown", (event) => {
    const at = TABS.indexOf(document.activeElement.id.slice(2)), last = TABS.length - 1;
    const to = { ArrowRight: (at + 1) % TABS.length, ArrowLeft: (at + last) % TABS.length, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    open(TABS[to]);
    $(`t-${TABS[to]}`).focus();
  });
  open(TABS[0]);
}

function open(chosen) {
  for (const name of TABS) {
    const tab = $(`t-${name}`);
    tab.setAttribute("aria-selected", String(name === chosen));
    tab.tabIndex = name === chosen ? 0 : -1;
    $(`p-${name}`).hidden = name !== chosen;
  }
  $("panels").scrollTop = 0;
}

// ---- values, and where they are kept

const fields = () => [...$("controls").elements].filter((e) => e.name);

function values() {
  const found = {};
  for (const e of fields()) if (e.type !== "radio" || e.checked) found[e.name] = e.type === "checkbox" ? e.checked : e.value;
  return found;
}

function set(wanted) {
  for (const e of fields()) {
    if (!(e.name in wanted)) continue;
    const value = wanted[e.name];
    if (e.type === "radio") e.checked = e.value === value;
    else if (e.type === "checkbox") e.checked = value === true;
    else if (e.tagName !== "SELECT" || [...e.options].some((o) => o.value === value)) e.value = value;
  }
}

const stored = () => JSON.parse(kept.get("settings") ?? "{}");

function restore() {
  const last = stored();
  if (last.paint === "picture" || !(last.paint in text.paints)) delete last.paint; // a picture of one's own is not kept
  set(last);
}

const remember = () => kept.set("settings", JSON.stringify(values()));

function reset(row, changed) {
  const input = row?.querySelector("input[type=range]");
  if (!input || input.value === input.defaultValue) return;
  input.value = input.defaultValue;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// Shows the values beside their sliders, and only those rows that say something.
function told() {
  const now = values();
  for (const input of document.querySelectorAll("#controls input[type=range]")) {
    const value = Number(input.value), sign = Number(input.min) < 0 && value > 0 ? "+" : "";
    input.nextElementSibling.textContent = `${sign}${value}${input.dataset.unit}`.replace("-", "−");
    input.setAttribute("aria-valuetext", `${sign}${value}${input.dataset.unit}`);
    const at = (v) => (100 * (v - input.min)) / (input.max - input.min), zero = at(Math.max(0, input.min));
    input.style.setProperty("--from", `${Math.min(zero, at(value))}%`);
    input.style.setProperty("--to", `${Math.max(zero, at(value))}%`);
  }
  const useful = {
    colour: now.paint === "colour", picture: now.paint === "picture", blur: now.paint === "blur", harmonise: now.paint === "picture", shadow_opacity: now.shadow !== "none", shadow_softness: now.shadow !== "none",
    margin: now.crop, style_strength: now.style !== "none", only: ["exposure", "contrast", "highlights", "shadows", "clarity", "saturation", "vibrance", "sharpen", "auto"].some((n) => now[n] && now[n] !== "0"),
  };
  for (const [name, shown] of Object.entries(useful)) document.querySelector(`[data-row=${name}]`).hidden = !shown;
  const free = !now.preset;
  $("shading").disabled = $("framing").disabled = !free;
  $("decided").hidden = free;
  if (!free) $("decided").textContent = text.decided(named(now.preset));
  $("controls").elements.format.options[0].text = free ? text.formats.auto : text.presetFormat;
  document.querySelector("[data-paint=colour]").style.setProperty("--paint", now.colour);
  $("defaults").hidden = Object.keys(plain).every((n) => plain[n] === now[n]);
}
