// The application's start: its parts are connected here, and the events of the document handled.
import { getJson, retryNow } from "./api.js";
import { initAddressInput, offerAddresses } from "./address_input.js";
import { addBackdrop } from "./backdrops.js";
import { warmUpComposition } from "./composed_view.js";
import { closeCropTool, initCropTool, isCropping, refreshCropTool } from "./crop_tool.js";
import { isDeviceOnly } from "./device_mode.js";
import { initDeviceSwitch, prepareNetwork } from "./device_switch.js";
import { clips, refreshClip } from "./clip_files.js";
import { byId } from "./dom.js";
import { droppedFiles } from "./folder_drop.js";
import * as form from "./form.js";
import * as history from "./history.js";
import { findItem, items, selectedItem } from "./items.js";
import { initKeyboard } from "./keyboard.js";
import { addFiles, removeAllItems, removeItem, selectItem, selectNeighbour, showGrid, updateLayout } from "./photograph_list.js";
import { erasePhotograph } from "./photographs.js";
import { initPlaceTools, placeKey, takesTaps, tapAt } from "./place_tools.js";
import { hasBase, isLens } from "./lens_settings.js";
import { initLooks, renderLooks } from "./looks.js";
import { needsCutout } from "./request.js";
import { initRecipeFiles } from "./recipe_files.js";
import { copyResult, initResultActions } from "./result_actions.js";
import { INTERNAL_DRAG_TYPE } from "./results.js";
import { createSample } from "./samples.js";
import { initScheduler, requestsFor, scheduleNext } from "./scheduler.js";
import * as scribbles from "./scribbles.js";
import { openSession, renderOffer } from "./session.js";
import { storeFile, storeItem, storeResults, storeSession } from "./session_store.js";
import { settingsOf } from "./settings.js";
import { initSettingsChanges, onFormChanged, showSettings, startWithSettings, useValues } from "./settings_changes.js";
import { closeSubjectTool, initSubjectTool, isPlacing } from "./subject_tool.js";
import { setLimits } from "./server_limits.js";
import { takeSharedFiles } from "./shared_files.js";
import { renderProgress, setStatus, showRetryCountdown } from "./status_line.js";
import { text } from "./strings.js";
import { initThemeAndText, showRetention } from "./theme_and_text.js";
import * as thumbnails from "./thumbnails.js";
import { drawLiveStroke, onScaled, render } from "./view.js";
import * as viewer from "./viewer.js";
import { initViewerInput } from "./viewer_input.js";
import { showVoice } from "./voice.js";
import { initWords } from "./words.js";

const hasSettings = (test) => Boolean(selectedItem()) && test(settingsOf(selectedItem()));
const hasFiles = ({ dataTransfer: { types } }) => types.includes("Files") && !types.includes(INTERNAL_DRAG_TYPE);
const retryItems = (failedItems) => { for (const item of failedItems) item.failure = null; render(); scheduleNext(); };
const listen = (id, type, handler) => byId(id).addEventListener(type, handler);

function setBackdrop(file) {
  if (!file) return;
  form.setControl("backdrop", addBackdrop(file).id);
  form.setControl("paint", "picture", { notifies: true });
}

function onMarked(item, mark) {
  history.record({ kind: "mark", itemId: item.id, mark });
  onMarksChanged(item);
}

function onMarksChanged(item) {
  item.appliedCount = Math.min(item.appliedCount, item.scribbles.length);
  storeItem(item);
  render();
  scheduleNext();
}

// Takes an entry of the history back, or does it again, and shows where.
function applyHistory(entry, isUndo) {
  const item = entry.itemId && findItem(entry.itemId);
  if (item && item !== selectedItem()) selectItem(item);
  if (entry.kind === "settings") return showSettings(item, isUndo ? entry.before : entry.after);
  if (isUndo) item.scribbles.pop();
  else item.scribbles.push(entry.mark);
  onMarksChanged(item);
}

// What the server says of itself. It is not asked where all is done here.
function askServer() {
  offerAddresses(false);
  if (isDeviceOnly()) return;
  getJson("/v1/photographs").then((answer) => {
    if (!answer) return;
    showRetention(answer.keep_seconds);
    offerAddresses(answer.fetches_urls);
    setLimits(answer);
    render();
    refreshClip();
  });
  getJson("/v1/models").then((answer) => answer && form.showModels(answer.models));
  getJson("/v1/presets").then((titlesByName) => titlesByName && form.showPresets(titlesByName));
}

initThemeAndText(() => {
  form.recreateControls();
  for (const item of [...items, ...clips]) thumbnails.relabel(item);
  updateLayout();
  refreshCropTool();
  renderOffer();
  renderLooks();
  showVoice();
  render();
  renderProgress();
  refreshClip();
});
form.initForm(onFormChanged);
initSettingsChanges();
initLooks({ readValues: form.readValues, useValues });
initAddressInput((file, photographId) => addFiles([file], { photographId }));
initRecipeFiles({
  onOpened: (recipe) => useValues({ ...form.readValues(), preset: "", ...recipe }), onSaid: setStatus,
  getRequest: () => requestsFor(selectedItem()).final,
});
initWords(onFormChanged);
history.initHistory({
  apply: applyHistory,
  onHistoryChanged: () => { byId("undo").disabled = !history.canUndo(); byId("redo").disabled = !history.canRedo(); storeSession(); },
});
viewer.initViewer(onScaled, () => scribbles.isActive() || isCropping() || isPlacing());
initViewerInput({
  ...scribbles.pointerTool, key: (event) => placeKey(event) || scribbles.pointerTool.key(event),
  tap: (point) => !scribbles.isActive() && tapAt(point), takesTaps,
});
initPlaceTools(setStatus, { focus: () => hasSettings(isLens), pick: () => hasSettings((settings) => needsCutout(settings) && settings.get("pick") === "place") });
scribbles.initScribbles({
  canScribble: (tool) => Boolean(selectedItem()) && (tool === "heal" ? !isDeviceOnly() : needsCutout(settingsOf(selectedItem())) || (setStatus(text.noCut), false)),
  onToolSelected: (tool, brushMode) => { if (tool !== "look") closeCropTool(), closeSubjectTool(); render(); scheduleNext(); if (tool !== "look") setStatus(text.toolHints[tool][brushMode] ?? text.toolHints[tool].brush); },
  onScribbled: onMarked, onStroke: drawLiveStroke, onStrokeCancelled: render,
});
initScheduler({
  onWait: showRetryCountdown, onUpdate: renderProgress,
  onFinished: (item) => item === selectedItem() && render(),
  onShrunk: (item) => { storeFile(item), storeItem(item); },
  onPreview: (item, blob) => { URL.revokeObjectURL(item.originalUrl); item.originalUrl = URL.createObjectURL(blob); if (!item.lastShown && !item.firstCutout) thumbnails.drawThumbnail(item, blob); },
  onFirstCutout: (item, isFirst) => {
    thumbnails.drawThumbnail(item, item.firstCutout.blob);
    if (item === selectedItem()) render();
    if (isFirst && item === selectedItem()) setTimeout(viewer.reveal, 60);
  },
  onResult: (item, result, isFirst) => {
    warmUpComposition();
    if (result === item.lastShown) thumbnails.drawThumbnail(item, result.blob);
    if (isFirst && item === selectedItem()) setTimeout(viewer.reveal, 60);
    storeResults(item);
  },
});
initResultActions();
initCropTool(() => { if (isCropping()) scribbles.selectTool("look"), closeSubjectTool(); viewer.resetView(); render(); viewer.fit(); }, setStatus);
initSubjectTool(() => { if (isPlacing()) scribbles.selectTool("look"), closeCropTool(); render(); }, setStatus, () => hasSettings((settings) => needsCutout(settings) && !hasBase(settings)));
initKeyboard({ selectedItem, selectNeighbour, copyResult });
startWithSettings();
openSession((values) => showSettings(null, values)).then(() => takeSharedFiles(addFiles));
initDeviceSwitch(() => { if (isDeviceOnly() && scribbles.isHealing()) scribbles.selectTool("look"); askServer(); render(); refreshClip(); scheduleNext(); });
askServer();

for (const id of ["add", "choose"]) listen(id, "click", () => byId("files").click());
for (const [id, type] of [["choose", "click"], ["add", "click"], ["samples", "click"]]) listen(id, type, prepareNetwork);
document.addEventListener("dragenter", prepareNetwork);
listen("files", "change", (event) => { addFiles(event.target.files); event.target.value = ""; });
listen("controls", "click", (event) => { if (event.target.id === "picture") byId("backdrop").click(); });
listen("backdrop", "change", (event) => { setBackdrop(event.target.files[0]); event.target.value = ""; });
listen("paints", "click", (event) => { if (event.detail && event.target.value === "picture") byId("backdrop").click(); });
listen("samples", "click", async ({ target }) => { if (target.dataset.sample) addFiles([await createSample(target.dataset.sample, target.textContent)]); });
listen("grid", "click", () => showGrid(!byId("bench").classList.contains("grid")));
listen("undo", "click", history.undo);
listen("redo", "click", history.redo);
listen("missing", "click", () => scribbles.selectTool("keep"));
listen("paint-subject", "click", () => { scribbles.startPainting(); byId("frame").focus(); });
listen("to-check", "click", () => thumbnails.toggleLookFilter(items));
listen("reset-all", "click", () => byId("defaults").click());
listen("retry", "click", () => retryItems([selectedItem()]));
listen("again", "click", () => retryItems(items));
listen("discard", "click", () => removeItem(selectedItem()));
listen("clear", "click", removeAllItems);
listen("now", "click", retryNow);
listen("help", "click", () => byId("keys").showModal());
addEventListener("pagehide", () => items.forEach(erasePhotograph));
document.addEventListener("paste", (event) => event.clipboardData.files.length && addFiles(event.clipboardData.files));
document.addEventListener("dragover", (event) => { event.preventDefault(); byId("over").hidden = !hasFiles(event); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) byId("over").hidden = true; });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  byId("over").hidden = true;
  if (hasFiles(event)) droppedFiles(event.dataTransfer).then(addFiles);
});
