// The panel of a clip: its settings, what it may be cut out with, the button for that, and the download.
import { IS_LOCAL, byId, createElement } from "./dom.js";
import { isDeviceOnly } from "./device_mode.js";
import { isResultCurrent, requestOf } from "./clip_list.js";
import { canHold, FORMATS, PAINTS } from "./clip_request.js";
import { clipText } from "./clip_text.js";
import { formatMegabytes, formatTime } from "./clip_time.js";
import { cancelWork, cutClip } from "./clip_work.js";
import { downloadBlob } from "./results.js";
import { clipLimits } from "./server_limits.js";
import { site } from "./site.js";
import { setStatus } from "./status_line.js";
import { text } from "./strings.js";

const EXTENSIONS = { webm: "webm", prores: "mov", mp4: "mp4" };
const field = (name) => byId("clip-panel").elements[name];
let shown = null, onChange = () => {};

// `changeListener` receives a clip whose settings or work have changed.
export function initPanel(changeListener) {
  onChange = changeListener;
  byId("clip-panel").addEventListener("submit", (event) => event.preventDefault());
  byId("clip-panel").addEventListener("input", onInput);
  byId("clip-cut").addEventListener("click", () => cutClip(shown, requestOf(shown), onChange));
  byId("clip-cancel").addEventListener("click", onCancel);
  byId("clip-download").addEventListener("click", downloadResult);
  byId("clip-server").addEventListener("click", () => document.querySelector(".device-switch input").click());
}

function onInput({ target }) {
  if (!(target.name in shown.settings)) return;
  shown.settings = { ...shown.settings, [target.name]: target.value };
  const { paint, format } = shown.settings;
  if (!canHold(format, paint)) shown.settings.format = "webm";
  onChange(shown);
}

function onCancel() {
  cancelWork(shown);
  onChange(shown);
  setStatus(clipText().cancelled);
  byId("clip-cut").focus();
}

function downloadResult() {
  const { result } = shown, name = `${shown.name}-cut.${EXTENSIONS[result.format]}`;
  downloadBlob(result.blob, name);
  result.isSaved = true;
  onChange(shown);
  setStatus(text.downloaded(name));
}

export function renderPanel(clip) {
  shown = clip;
  const { settings, work } = clip, words = clipText();
  byId("clip-name").textContent = clip.file.name;
  byId("clip-facts").textContent = factsOf(clip);
  fillOptions("paint", PAINTS.map((name) => [name, text.paints[name]]), settings.paint);
  fillOptions("format", Object.keys(FORMATS).map((name) => [name, canHold(name, settings.paint) ? words.formats[name] : words.needsBackground(words.formats[name])]), settings.format);
  for (const option of field("format").options) option.disabled = !canHold(option.value, settings.paint);
  fillOptions("model", Object.entries(text.models), settings.model);
  field("model").parentElement.firstChild.textContent = text.rows.model;
  field("colour").parentElement.firstChild.textContent = text.rows.colour;
  field("colour").value = settings.colour;
  byId("clip-colour").hidden = settings.paint !== "colour";
  byId("clip-use").textContent = words.formatUses[settings.format];
  byId("clip-key-note").hidden = !clip.isShowable;
  byId("clip-goes").textContent = IS_LOCAL ? words.goesHere : words.goes(location.host);
  for (const control of byId("clip-settings").querySelectorAll("select, input")) control.disabled = Boolean(work);
  renderHindrance(clip);
  renderActions(clip);
}

function renderActions(clip) {
  const { work, result } = clip, words = clipText(), canCut = !hindranceOf(clip), isCurrent = isResultCurrent(clip), progress = byId("clip-progress");
  byId("clip-cut").hidden = Boolean(work) || isCurrent || !canCut;
  byId("clip-cut").textContent = clip.keys.length ? words.cutOutByKeys : result ? words.cutOutAgain : words.cutOut;
  byId("clip-cancel").hidden = !work;
  byId("clip-download").hidden = !result || Boolean(work);
  byId("clip-download").classList.toggle("main", isCurrent);
  progress.hidden = !work;
  progress.setAttribute("aria-label", words.progress);
  if (work?.fraction) progress.value = work.fraction;
  else progress.removeAttribute("value");
  byId("clip-actions").hidden = [...byId("clip-actions").children].every((node) => node.hidden);
}

// Why the clip cannot be cut out, in one line; null where it can.
function hindranceOf({ file, duration }) {
  const words = clipText(), { bytes, seconds } = clipLimits();
  if (!site.hasServer) return words.noServer;
  if (isDeviceOnly()) return words.deviceOnly;
  if (!bytes) return words.noClips;
  if (file.size > bytes) return words.tooLarge(...[file.size, bytes].map((count) => formatMegabytes(count, text.language)));
  return duration > seconds ? words.tooLong(formatTime(duration), formatTime(seconds)) : null;
}

function renderHindrance(clip) {
  const hindrance = clip.work ? null : hindranceOf(clip);
  byId("clip-hindrance").hidden = !hindrance;
  byId("clip-hindrance").firstChild.textContent = hindrance ?? "";
  byId("clip-server").hidden = !(site.hasServer && isDeviceOnly());
  byId("clip-goes").hidden = Boolean(hindrance);
}

function factsOf({ duration, width, height, file }) {
  const size = formatMegabytes(file.size, text.language);
  return duration ? clipText().facts(formatTime(duration), width, height, size) : size;
}

// `entries` are [value, label]; options are made anew only where they differ, so that an open list stays.
function fillOptions(name, entries, value) {
  const select = field(name), key = JSON.stringify(entries);
  if (select.dataset.key !== key) select.replaceChildren(...entries.map(([optionValue, label]) => createElement("option", { value: optionValue, textContent: label })));
  select.dataset.key = key;
  select.value = value;
}
