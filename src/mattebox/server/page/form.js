// The form of settings: built from a table. It shows the values of the selected photograph, and is read as values again.
import { arrowOffset, byId, createElement } from "./dom.js";
import { isDeviceFormat } from "./device_formats.js";
import { isDeviceOnly } from "./device_mode.js";
import { createPresetCard, createRow, createSwatch } from "./form_rows.js";
import { F_NUMBERS, KEEP_BACKGROUND, LENS } from "./lens_settings.js";
import { text } from "./strings.js";

const TABS = ["background", "light", "frame", "size", "presets"];
const DEVICE_TABS = ["background", "frame", "size"]; // without a server
// The kind of each row, see form_rows.js. Ranges lie within those of the recipe's steps.
const createRows = () => ({
  paint: {
    colour: "#9fc7b8", picture: "button", blur: [1, 12, 0.5, 3, " %"], harmonise: [0, 100, 5, 0, " %"],
    bokeh: [0, F_NUMBERS.length - 1, 1, 6, ""], backdrop_bokeh: [-1, F_NUMBERS.length - 1, 1, -1, ""], bokeh_aperture: text.apertures, bokeh_depth: text.lensDepths,
  },
  shadow: { shadow: text.shadowKinds, shadow_opacity: [5, 90, 5, 45, " %"], shadow_softness: [0, 20, 1, 4, " %"] },
  cut: { model: { ...text.models, ...ownModels }, edges: text.edges, pick: text.picks, scene: text.scenes, edge_shift: [-10, 10, 0.5, 0, " px"], feather: [0, 30, 1, 0, " px"] },
  light: {
    auto: true, exposure: [-2, 2, 0.1, 0, ""], contrast: [-60, 60, 2, 0, ""], highlights: [-100, 100, 5, 0, ""], shadows: [-100, 100, 5, 0, ""],
    clarity: [-100, 100, 5, 0, ""], saturation: [-100, 100, 5, 0, ""], vibrance: [-100, 100, 5, 0, ""], warmth: [-100, 100, 5, 0, ""], sharpen: [0, 200, 10, 0, ""], faces: [0, 100, 5, 0, " %"], only: text.regions,
  },
  frame: {
    crop: true, margin: [0, 40, 1, 5, " %"], aspect: text.aspects, outline: [0, 50, 1, 0, ""], rotate: [-180, 180, 0.5, 0, "°"],
    fill: [0, 100, 0.5, 0, " %"], across: [0, 100, 0.5, 50, " %"], down: [0, 100, 0.5, 50, " %"],
  },
  pixels: { size: text.sizeKinds, longer: "number 1 20000", width: "number 1 20000", height: "number 1 20000" },
  file: { quality: [1, 100, 1, 90, ""] },
  size: { upscale: text.sizes, style: text.styles, style_strength: [10, 100, 5, 80, " %"] },
});
const fStop = (index) => (index < 0 ? text.sizes.none : `f/${Number(F_NUMBERS[index]).toLocaleString(text.language)}`);
const formats = new Map([["bokeh", fStop], ["backdrop_bokeh", fStop], ["fill", (value) => (value ? `${value} %` : text.automatic)]]); // of ranges whose values are not shown as they are
const REGION_ROWS = ["exposure", "contrast", "highlights", "shadows", "clarity", "saturation", "vibrance", "warmth", "sharpen", "auto"]; // that `only` applies to
const ROW_MARGIN_PIXELS = 16;
const LOSSY_FORMATS = ["jpg", "webp", "avif"];
let defaultValues = {}, presetTitles = {}, ownModels = {}, hasFaces = false, awaitedPreset = null, onChange = () => {};

export const defaults = () => defaultValues;

// Builds the controls. `onFormChanged` is called after every change.
export function initForm(onFormChanged) {
  onChange = onFormChanged;
  const controls = byId("controls");
  createTabs();
  createControls();
  defaultValues = readValues();
  const applyChange = ({ target } = {}) => { updateControls(); if (target?.name === "paint") showPaintRows(); onChange(); };
  controls.addEventListener("input", (event) => { if (event.target.name) applyChange(event); });
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("dblclick", (event) => resetRange(event.target.closest(".row")));
  byId("defaults").addEventListener("click", () => { setValues(defaultValues); applyChange(); });
  updateControls();
}

// Creates all controls again, in the language of `text`, with the values that they have.
export function recreateControls() {
  const values = readValues();
  for (const name of TABS) byId(`t-${name}`).lastElementChild.textContent = text[`${name}Tab`];
  createControls();
  setValues(values);
  updateControls();
}

function createControls() {
  const rows = createRows();
  for (const box of document.querySelectorAll("[data-rows]")) {
    box.replaceChildren(...Object.entries(rows[box.dataset.rows]).map(([name, kind]) => createRow(name, kind)));
  }
  byId("controls").elements.format.replaceChildren(...Object.entries(text.formats).map(([value, name]) => new Option(name, value)));
  byId("paints").replaceChildren(...Object.entries(text.paints).map(([value, name]) => createSwatch(value, name)));
  showPresets(presetTitles);
}

// Offers the networks that are installed on the server beside those of the product, and what only some of them do.
export function showModels(models) {
  ownModels = Object.fromEntries(models.filter(({ task, embedded }) => task === "cutout" && !embedded).map(({ name }) => [name, name]));
  hasFaces = models.some(({ task }) => task === "faces");
  recreateControls();
}

// Shows the server's presets as cards, except the one that cuts nothing: that is what the panel "light" is for.
export function showPresets(titlesByName) {
  presetTitles = titlesByName;
  const selected = readValues().preset ?? "";
  const cards = Object.entries(titlesByName).filter(([name]) => name !== "enhance")
    .map(([name, title]) => createPresetCard(name, presetLabel(name), text.presetTitles[name] ?? capitalise(title)));
  byId("presets").replaceChildren(createPresetCard("", text.noPreset, text.noPresetMore), ...cards);
  awaitedPreset = null;
  setValues({ preset: "" });
  setValues({ preset: selected });
  updateControls();
}

const capitalise = (words) => words.charAt(0).toUpperCase() + words.slice(1);
export const presetLabel = (preset) => text.presetNames[preset] ?? capitalise(preset);

// With `notifies`, as if the user had done it.
export const setControl = (name, value, options) => setControls({ [name]: value }, options);

export function setControls(values, { notifies = false } = {}) {
  setValues(values);
  updateControls();
  if (notifies) onChange();
}

// Shows other values, without telling anyone.
export function showValues(values) {
  setValues({ ...defaultValues, ...values });
  updateControls();
}

// ---- tabs, after the pattern of the ARIA practices guide

function createTabs() {
  for (const name of TABS) {
    const tab = createElement("button", { type: "button", id: `t-${name}`, role: "tab" });
    tab.setAttribute("aria-controls", `p-${name}`);
    tab.innerHTML = `<svg aria-hidden="true"><use href="#i-${name}"/></svg>`;
    tab.append(createElement("span", { textContent: text[`${name}Tab`] }));
    tab.addEventListener("click", () => openTab(name));
    byId("tabs").append(tab);
    byId(`p-${name}`).setAttribute("aria-labelledby", `t-${name}`);
  }
  byId("tabs").addEventListener("keydown", (event) => {
    const tabs = visibleTabs(), index = tabs.indexOf(document.activeElement.id.slice(2)), last = tabs.length - 1;
    const offset = arrowOffset(event), target = offset ? (index + offset + tabs.length) % tabs.length : { Home: 0, End: last }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    openTab(tabs[target]);
    byId(`t-${tabs[target]}`).focus();
  });
  openTab(TABS[0]);
}

const visibleTabs = () => TABS.filter((name) => !isDeviceOnly() || DEVICE_TABS.includes(name));

function openTab(selected) {
  for (const name of TABS) {
    const tab = byId(`t-${name}`);
    tab.setAttribute("aria-selected", String(name === selected));
    tab.tabIndex = name === selected ? 0 : -1;
    byId(`p-${name}`).hidden = name !== selected;
  }
  byId("panels").scrollTop = 0;
}

// Shows the controls anew, after something other than their values has changed.
export function refreshControls() {
  if (!visibleTabs().some((name) => byId(`t-${name}`).getAttribute("aria-selected") === "true")) openTab(TABS[0]);
  updateControls();
}

// ---- values

const namedControls = () => [...byId("controls").elements].filter((control) => control.name);

// { name: string, or boolean of a switch }
export function readValues() {
  const values = {};
  for (const control of namedControls()) {
    if (control.type === "checkbox") values[control.name] = control.checked;
    else if (control.type !== "radio" || control.checked) values[control.name] = control.value;
  }
  if (awaitedPreset) values.preset = awaitedPreset;
  return values;
}

function setValues(newValues) {
  if ("preset" in newValues) awaitedPreset = newValues.preset in { "": "", ...presetTitles } ? null : newValues.preset; // until the server's list is there
  for (const control of namedControls()) {
    if (!(control.name in newValues)) continue;
    const value = newValues[control.name];
    if (control.type === "radio") control.checked = control.value === value;
    else if (control.type === "checkbox") control.checked = value === true;
    else if (control.tagName !== "SELECT" || [...control.options].some((option) => option.value === value)) control.value = value;
  }
}

// What belongs to a background is below the swatches.
function showPaintRows() {
  const panels = byId("panels"), last = [...document.querySelectorAll("[data-rows=paint] > .row:not([hidden]), #focusing:not([hidden])")].at(-1);
  const beyond = last ? last.getBoundingClientRect().bottom - panels.getBoundingClientRect().bottom + ROW_MARGIN_PIXELS : 0;
  if (beyond > 0) panels.scrollTop += beyond; // the photograph stays where it is
}

function resetRange(row) {
  const input = row?.querySelector("input[type=range]");
  if (!input || input.value === input.defaultValue) return;
  input.value = input.defaultValue;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// Shows the value of each range, hides rows that have no effect, and disables what a preset decides.
function updateControls() {
  const values = readValues();
  for (const input of document.querySelectorAll("#controls input[type=range]")) updateRange(input);
  const visibleRows = {
    bokeh: values.paint === LENS, bokeh_depth: values.paint === LENS, backdrop_bokeh: values.paint === "picture",
    bokeh_aperture: values.paint === LENS || (values.paint === "picture" && values.backdrop_bokeh !== "-1"),
    faces: hasFaces, colour: values.paint === "colour", picture: values.paint === "picture", blur: values.paint === "blur", harmonise: values.paint === "picture",
    shadow_opacity: values.shadow !== "none", shadow_softness: values.shadow !== "none", margin: values.crop,
    longer: values.size === "longer", width: values.size === "exact", height: values.size === "exact",
    across: values.fill !== "0", down: values.fill !== "0", quality: LOSSY_FORMATS.includes(values.format),
    style_strength: values.style !== "none", only: REGION_ROWS.some((name) => values[name] && values[name] !== "0"),
  };
  for (const [name, isVisible] of Object.entries(visibleRows)) document.querySelector(`[data-row=${name}]`).hidden = !isVisible;
  byId("focusing").hidden = values.paint !== LENS;
  byId("shading").hidden = [KEEP_BACKGROUND, LENS].includes(values.paint);
  byId("picking").hidden = values.pick !== "place" || isDeviceOnly();
  const hasNoPreset = !values.preset && !values.recipe;
  byId("shading").disabled = byId("framing").disabled = byId("sizing").disabled = !hasNoPreset;
  byId("decided").hidden = hasNoPreset;
  if (!hasNoPreset) byId("decided").textContent = values.recipe ? text.recipeDecides(values.recipe_name) : text.presetDecides(presetLabel(values.preset));
  for (const option of byId("controls").elements.format.options) {
    option.disabled = isDeviceOnly() && !isDeviceFormat(option.value);
    option.text = option.disabled ? text.notWritten(text.formats[option.value]) : text.formats[option.value];
  }
  byId("controls").elements.format.options[0].text = hasNoPreset ? text.formats.auto : text.presetFormat;
  for (const code of document.querySelectorAll("[data-code-of]")) if (code !== document.activeElement) code.value = values[code.dataset.codeOf];
  document.querySelector("[data-paint=colour]").style.setProperty("--paint", values.colour);
  byId("defaults").hidden = Object.keys(defaultValues).every((name) => defaultValues[name] === values[name]);
}

// Writes a range's value beside it, and fills its track from zero.
function updateRange(input) {
  const value = Number(input.value), sign = Number(input.min) < 0 && value > 0 ? "+" : "", label = formats.get(input.name)?.(value) ?? `${sign}${value.toLocaleString(text.language)}${input.dataset.unit}`;
  input.nextElementSibling.textContent = label.replace("-", "−");
  input.setAttribute("aria-valuetext", label);
  const percent = (v) => (100 * (v - input.min)) / (input.max - input.min), zero = percent(formats.has(input.name) ? input.min : Math.max(0, input.min));
  input.parentElement.style.setProperty("--open", `${percent(value)}%`);
  input.style.setProperty("--from", `${Math.min(zero, percent(value))}%`);
  input.style.setProperty("--to", `${Math.max(zero, percent(value))}%`);
}
