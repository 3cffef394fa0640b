// Changes of settings: by the form, by undo, from an earlier visit; of all photographs, or of the selected one alone.
import { backdropOf } from "./backdrops.js";
import { refreshCropTool } from "./crop_tool.js";
import { byId } from "./dom.js";
import * as form from "./form.js";
import * as history from "./history.js";
import { selectedItem } from "./items.js";
import { scheduleNext } from "./scheduler.js";
import { storeItem } from "./session_store.js";
import { areSame, scopeOf, settingsOf, setValuesOf, valuesOf } from "./settings.js";
import { localSettings, sessionSettings } from "./storage.js";
import { text } from "./strings.js";
import { render } from "./view.js";
import { showAppliedWords } from "./words.js";

const PAUSE_MS = 250; // after the last change, before the server is asked
const NO_RECIPE = { recipe: "", recipe_cut: "", recipe_name: "" };
let wakeTimer = 0;

export function initSettingsChanges() {
  setValuesOf(null, form.defaults());
  byId("controls").addEventListener("change", history.endChange);
  byId("scope-all").addEventListener("click", () => changeScope(false));
  byId("scope-one").addEventListener("click", () => changeScope(true));
  byId("spread").addEventListener("click", () => { const values = valuesOf(selectedItem()); changeScope(false); changeValues(values); });
  byId("use-last").addEventListener("click", () => { useValues(lastValues()); hideOffer(); });
  byId("ignore-last").addEventListener("click", hideOffer);
  byId("drop-preset").addEventListener("click", () => { useValues({ ...form.readValues(), preset: "", ...NO_RECIPE }); byId("t-presets").focus(); });
}

// A reloaded tab has its settings again at once; in another, those of the last visit are offered.
export function startWithSettings() {
  const own = parse(sessionSettings.get("settings"));
  if (own) showSettings(null, { ...form.defaults(), ...own });
  byId("last-settings").hidden = Boolean(own) || !lastValues() || areSame({ ...form.defaults(), ...lastValues() }, form.defaults());
}

// The values of the form are those of the selected photograph, or of all. A preset takes the place of a recipe.
export function onFormChanged() {
  const values = form.readValues(), hasNewPreset = values.preset && values.preset !== valuesOf(selectedItem()).preset;
  changeValues(hasNewPreset ? { ...values, ...NO_RECIPE } : values);
}

// Shows values that are not new, such as those before the last change. `item` null for those of all.
export function showSettings(item, values) {
  setValuesOf(item, values);
  form.showValues(valuesOf(selectedItem()));
  afterChange(item);
}

// Settings that were saved, in the place of those that there are.
export const useValues = (values) => changeValues({ ...form.defaults(), ...values });

function changeValues(values) {
  const scope = scopeOf(selectedItem()), item = scope ? selectedItem() : null, before = valuesOf(item);
  if (!areSame(before, values)) history.record({ kind: "settings", itemId: scope, before, after: values });
  hideOffer();
  showSettings(item, values);
}

// `isOwn` gives the selected photograph settings of its own, which are those of all at first; or takes them away.
function changeScope(isOwn) {
  const item = selectedItem(), before = item.ownValues, after = isOwn ? (before ?? valuesOf(null)) : null;
  if (before === after) return;
  history.record({ kind: "settings", itemId: item.id, before, after });
  showSettings(item, after);
}

function afterChange(item) {
  clearTimeout(wakeTimer);
  if (item) storeItem(item);
  else remember(valuesOf(null));
  showAppliedWords();
  renderScope();
  render();
  byId("frame").dataset.pausing = "";
  wakeTimer = setTimeout(() => { delete byId("frame").dataset.pausing; scheduleNext(); }, PAUSE_MS);
}

// What goes beside the form: whom it is for, the preset, and the picture behind.
export function renderScope() {
  const item = selectedItem(), { preset, recipe, recipe_name: recipeName } = valuesOf(item), backdrop = backdropOf(settingsOf(item));
  byId("scope-all").setAttribute("aria-pressed", String(!item?.ownValues));
  byId("scope-one").setAttribute("aria-pressed", String(Boolean(item?.ownValues)));
  byId("spread").hidden = !item?.ownValues;
  refreshCropTool();
  byId("preset-chip").hidden = !preset && !recipe;
  byId("preset-chip").firstElementChild.textContent = recipe ? text.recipeChip(recipeName) : preset ? form.presetLabel(preset) : "";
  if (backdrop) byId("paints").style.setProperty("--picture", `url("${backdrop.url}") center / cover`);
}

function remember(values) {
  const data = JSON.stringify(values);
  sessionSettings.set("settings", data);
  localSettings.set("settings", data);
}

// Without the picture behind, which only a session keeps.
function lastValues() {
  const { backdrop, ...values } = parse(localSettings.get("settings")) ?? {};
  if (values.paint === "picture") delete values.paint;
  return Object.keys(values).length ? values : null;
}

const parse = (data) => (data ? JSON.parse(data) : null);
const hideOffer = () => { byId("last-settings").hidden = true; };
