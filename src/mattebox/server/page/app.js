// The application: a list of photographs, of which one is selected; adding and removing them, and the view.
import { getJson, retryNow } from "/page/api.js";
import { blurredBackground } from "/page/background_blur.js";
import { byId } from "/page/dom.js";
import * as form from "/page/form.js";
import { ItemResults } from "/page/item_results.js";
import { initKeyboard } from "/page/keyboard.js";
import { adjustmentFilter, backgroundPreview, canComposeHere, canPreviewFromCutout, needsCutout } from "/page/request.js";
import { copyResult, hasUnsavedResults, initResultActions, startDrag } from "/page/result_actions.js";
import { INTERNAL_DRAG_TYPE, isDoubtful } from "/page/results.js";
import { hasFailed, initScheduler, isBusy, itemState, requestsFor, resultOf, scheduleNext } from "/page/scheduler.js";
import { erasePhotograph } from "/page/photographs.js";
import * as scribbles from "/page/scribbles.js";
import { text } from "/page/strings.js";
import { initThemeAndText, showRetention } from "/page/theme_and_text.js";
import * as thumbnails from "/page/thumbnails.js";
import { renderMarketplaceCheck } from "/page/verdict.js";
import * as viewer from "/page/viewer.js";
import { initWords, showAppliedWords } from "/page/words.js";

// { file, name, originalUrl, photographId, scribbles, undoneScribbles, appliedCount, results, lastCutout, lastShown,
//   failure, isBusy, progress, needsPreview, hasPreview, needsDetail, wantedFinalId, savedResultId, pixelSize, state, tile }
const items = [];
const DETAIL_SLACK = 1.1; // by which a preview may be enlarged
let selectedItem = null, backdrop = null, wakeTimer = 0, swatchSample = null;

// ---- photographs in

function addFiles(files) {
  const pictures = [...files].filter((f) => f.type.startsWith("image/") || /\.(heic|heif|avif|tiff?)$/i.test(f.name));
  if (!pictures.length) return setStatus(text.noPictures);
  const added = pictures.map((file) => {
    const name = file.name.replace(/\.\w+$/, "") || "photo";
    const item = { file, name, originalUrl: URL.createObjectURL(file), scribbles: [], undoneScribbles: [], appliedCount: 0, results: null, state: "waiting" };
    item.results = new ItemResults(() => [item.lastCutout, item.lastShown]);
    thumbnails.createTile(item, { selectItem, selectNeighbour, removeItem, startDrag });
    items.push(item);
    return item;
  });
  updateLayout();
  selectItem(added[0]);
  drawThumbnails(added);
}

// One after the other; of a format that this browser cannot decode, the server makes a preview.
async function drawThumbnails(added) {
  for (const item of added) {
    if (!items.includes(item) || item.results.size || (await thumbnails.drawThumbnail(item, item.file))) continue;
    item.needsPreview = true;
    if (item === selectedItem) render();
    scheduleNext();
  }
}

function updateLayout() {
  const hasItems = items.length > 0;
  document.body.classList.toggle("bare", !hasItems);
  byId("empty").hidden = hasItems;
  byId("bench").hidden = byId("controls").hidden = byId("batch").hidden = !hasItems;
  byId("all").hidden = items.length < 2;
  thumbnails.updateProgress(items);
}

function removeItem(item) {
  const index = items.indexOf(item), neighbour = () => items[Math.min(index, items.length - 1)];
  if (index < 0) return;
  items.splice(index, 1);
  URL.revokeObjectURL(item.originalUrl);
  item.results.clear();
  if (!item.isBusy) erasePhotograph(item);
  const hasFocus = item.tile.contains(document.activeElement) || byId("failure").contains(document.activeElement);
  item.tile.remove();
  updateLayout();
  if (item === selectedItem) selectItem(neighbour() ?? null);
  if (hasFocus) (neighbour()?.tile.firstChild ?? byId("choose")).focus();
  scheduleNext();
}

function removeAllItems() {
  if (hasUnsavedResults() && !confirm(text.confirmRemoveAll)) return;
  for (const item of [...items]) removeItem(item);
  setStatus("");
  byId("choose").focus();
}

function setBackdrop(file) {
  if (!file) return;
  if (backdrop) URL.revokeObjectURL(backdrop.url);
  backdrop = { file, url: URL.createObjectURL(file), id: `${file.name} ${file.size} ${file.lastModified}` };
  byId("paints").style.setProperty("--picture", `url("${backdrop.url}") center / cover`);
  form.setControl("paint", "picture");
  onSettingsChanged();
}

// ---- the view

function selectItem(item) {
  if (item !== selectedItem) viewer.resetView();
  selectedItem = item;
  scribbles.setItem(item);
  thumbnails.markSelected(items, item);
  if (item) render();
  scheduleNext();
}

function selectNeighbour(offset) {
  const visible = items.filter((item) => item === selectedItem || thumbnails.isVisible(item));
  const neighbour = visible[visible.indexOf(selectedItem) + offset];
  if (neighbour) selectItem(neighbour);
}

function render() {
  if (!selectedItem) return;
  const requests = requestsFor(selectedItem);
  viewer.show({ before: selectedItem.originalUrl, ...layersFor(selectedItem, requests) });
  scribbles.redraw();
  renderStatus(resultOf(selectedItem, "shown", requests) ?? null);
  updateSwatches();
}

// The final result where it is there; else the cutout with a preview of the rest; else the last result there was.
function layersFor(item, requests) {
  const settings = form.readSettings(), isScribbling = scribbles.isActive();
  const shown = resultOf(item, "shown", requests), current = resultOf(item, "cutout", requests), cutout = current ?? item.lastCutout;
  if (shown && !canComposeHere(settings) && !isScribbling) return resultLayer(shown);
  if (needsCutout(settings) && cutout && (isScribbling || canComposeHere(settings) || (current && canPreviewFromCutout(settings)))) {
    const background = { ...backgroundPreview(settings, backdrop), ghost: scribbles.isKeeping() };
    if (background.blur) background.picture = blurredBackground(item.originalUrl, cutout, background.blur, render);
    return { ...resultLayer(cutout), background, filter: adjustmentFilter(settings) };
  }
  if (!needsCutout(settings)) return { after: item.originalUrl, size: null, background: {}, filter: adjustmentFilter(settings) };
  const last = item.lastShown ?? item.lastCutout;
  return last ? resultLayer(last) : { after: item.originalUrl, size: null, background: {}, filter: "none" };
}

const resultLayer = (result) => ({ after: result.url, size: [result.width, result.height], background: {}, filter: "none" });

// Where a preview is zoomed beyond its own pixels, the result is requested in full size.
function onScaled(scale) {
  const result = selectedItem && (resultOf(selectedItem, "shown") ?? selectedItem.lastCutout);
  if (!result?.isShrunk || selectedItem.needsDetail || scale * result.width < DETAIL_SLACK * result.shownWidth) return;
  selectedItem.needsDetail = true;
  scheduleNext();
}

// Says of the selected photograph what is true of it now: nothing of the previous one stays.
function renderStatus(result) {
  const isFailure = hasFailed(selectedItem), failure = isFailure ? failureWords(selectedItem.failure) : null;
  byId("failure").hidden = !isFailure || scribbles.isActive();
  byId("frame").classList.toggle("failing", isFailure && Boolean(selectedItem.needsPreview && !selectedItem.hasPreview));
  byId("paint-subject").hidden = selectedItem.failure?.code !== "no_subject";
  byId("failure").querySelector("strong").textContent = failure?.[0] ?? "";
  byId("failure").querySelector("p").textContent = failure?.[1] ?? "";
  if (failure) setStatus(failure[0]);
  else setStatus(result ? text.done(result, formatSeconds(result.seconds)) : "");
  renderDoubt(isFailure ? null : result);
  renderMarketplaceCheck(result, byId("verdict"));
}

const failureWords = ({ code, problem, remedy }) => text.problems[code] ?? [problem, remedy];
const formatSeconds = (seconds) => seconds.toLocaleString(text.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function renderDoubt(result) {
  byId("doubt").hidden = !isDoubtful(result) || scribbles.isActive();
  byId("doubt").querySelector("span").textContent = byId("doubt").hidden ? "" : result.isFound ? text.doubtful : text.guess;
}

function renderProgress() {
  for (const item of items) thumbnails.setState(item, itemState(item), resultOf(item, "shown"));
  thumbnails.updateProgress(items);
  const showsBusy = Boolean(selectedItem) && (selectedItem.isBusy || (selectedItem.state === "waiting" && isBusy()));
  byId("busy").hidden = !showsBusy;
  byId("busy").lastElementChild.textContent = showsBusy ? progressText(selectedItem) : "";
  byId("frame").setAttribute("aria-busy", String(showsBusy));
}

// What happens to a photograph, with a percentage where it is known.
function progressText(item) {
  const { phase, fraction } = item.progress ?? {};
  if (fraction > 0 && fraction < 1) return text[phase](Math.round(100 * fraction));
  if (item.needsPreview && !item.hasPreview) return text.reading;
  return item.results.size ? text.updating : text.working(0);
}

// Shows the cutout itself on the background swatches.
async function updateSwatches() {
  const cutout = selectedItem.lastCutout, previous = swatchSample;
  if (!cutout || previous?.cutout === cutout) return;
  const sample = (swatchSample = { cutout });
  sample.url = await thumbnails.createSwatchUrl(cutout.blob).catch(() => null);
  if (swatchSample !== sample || !sample.url) return;
  byId("paints").style.setProperty("--cut", `url("${sample.url}")`);
  if (previous?.url) setTimeout(() => URL.revokeObjectURL(previous.url), 1000);
}

function showRetryCountdown(secondsLeft, reason) {
  const isAnnounced = secondsLeft !== null && !byId("now").hidden;
  byId("status").setAttribute("aria-live", isAnnounced ? "off" : "polite"); // screen readers announce it once, not each second
  byId("now").hidden = secondsLeft === null;
  if (secondsLeft !== null) setStatus(text[reason](secondsLeft));
}

function setStatus(message) {
  byId("status").textContent = message;
  if (!items.length && message) document.querySelector("#empty .small").textContent = message;
}

function onSettingsChanged() {
  clearTimeout(wakeTimer);
  showAppliedWords();
  render();
  wakeTimer = setTimeout(scheduleNext, 250);
}

// ---- start

const hasFiles = ({ dataTransfer: { types } }) => types.includes("Files") && !types.includes(INTERNAL_DRAG_TYPE);
const retryItems = (failedItems) => { for (const item of failedItems) item.failure = null; render(); scheduleNext(); };
const listen = (id, type, handler) => byId(id).addEventListener(type, handler);

initThemeAndText(() => {
  form.recreateControls();
  for (const item of items) thumbnails.relabel(item);
  updateLayout();
  render();
  renderProgress();
});
form.initForm(onSettingsChanged);
initWords(onSettingsChanged);
viewer.initViewer(scribbles.pointerTool, onScaled);
scribbles.initScribbles({
  canScribble: () => Boolean(selectedItem) && (needsCutout(form.readSettings()) || (setStatus(text.noCut), false)),
  onToolSelected: (tool, brushMode) => { render(); scheduleNext(); if (tool !== "look") setStatus(text.toolHints[tool][brushMode]); },
  onScribblesChanged: (item) => { item.appliedCount = Math.min(item.appliedCount, item.scribbles.length); render(); scheduleNext(); },
});
initScheduler({
  items, selectedItem: () => selectedItem, backdrop: () => backdrop, onWait: showRetryCountdown, onUpdate: renderProgress,
  onFinished: (item) => item === selectedItem && render(),
  onPreview: (item, blob) => { URL.revokeObjectURL(item.originalUrl); item.originalUrl = URL.createObjectURL(blob); thumbnails.drawThumbnail(item, blob); },
  onResult: (item, result, isFirst) => {
    if (result === item.lastShown) thumbnails.drawThumbnail(item, result.blob);
    if (isFirst && item === selectedItem) setTimeout(viewer.reveal, 60);
  },
});
initResultActions({ items, selectedItem: () => selectedItem, setStatus });
initKeyboard({ selectedItem: () => selectedItem, selectNeighbour, copyResult });
getJson("/v1/photographs").then((retention) => retention && showRetention(retention.keep_seconds));
getJson("/v1/presets").then((titlesByName) => titlesByName && form.showPresets(titlesByName));
for (const id of ["add", "choose"]) listen(id, "click", () => byId("files").click());
listen("files", "change", (event) => { addFiles(event.target.files); event.target.value = ""; });
listen("controls", "click", (event) => { if (event.target.id === "picture") byId("backdrop").click(); });
listen("backdrop", "change", (event) => { setBackdrop(event.target.files[0]); event.target.value = ""; });
listen("paints", "click", (event) => { if (event.detail && event.target.value === "picture") byId("backdrop").click(); });
listen("missing", "click", () => scribbles.selectTool("keep"));
listen("paint-subject", "click", () => { scribbles.startPainting(); byId("frame").focus(); });
listen("to-check", "click", () => thumbnails.toggleLookFilter(items));
listen("retry", "click", () => retryItems([selectedItem]));
listen("again", "click", () => retryItems(items));
listen("discard", "click", () => removeItem(selectedItem));
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
  if (hasFiles(event)) addFiles(event.dataTransfer.files);
});
