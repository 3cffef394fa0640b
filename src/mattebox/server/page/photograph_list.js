// Adding, selecting and removing photographs; clips among them are handed on.
import { addClips, clips, hideClip, isClip, shownClip } from "./clip_files.js";
import { closeCropTool } from "./crop_tool.js";
import { byId } from "./dom.js";
import { showValues } from "./form.js";
import * as history from "./history.js";
import { addItem, forgetItem, items, selectedItem, setSelectedItem } from "./items.js";
import { erasePhotograph } from "./photographs.js";
import { hasUnsavedResults, startDrag } from "./result_actions.js";
import { scheduleNext } from "./scheduler.js";
import * as scribbles from "./scribbles.js";
import { eraseStoredItem, storeFile, storeItem, storeSession } from "./session_store.js";
import { valuesOf } from "./settings.js";
import { renderScope } from "./settings_changes.js";
import { setStatus } from "./status_line.js";
import { text } from "./strings.js";
import { closeSubjectTool } from "./subject_tool.js";
import * as thumbnails from "./thumbnails.js";
import { render } from "./view.js";
import * as viewer from "./viewer.js";

// `known` is what is known of them, see items.js.
export function addFiles(files, known) {
  const clipFiles = [...files].filter(isClip);
  const pictures = [...files].filter((f) => f.type.startsWith("image/") || /\.(heic|heif|avif|tiff?)$/i.test(f.name));
  if (clipFiles.length) addClips(clipFiles, !pictures.length).catch((error) => { console.error(error); setStatus(text.clipsNotLoaded); });
  if (!pictures.length) return clipFiles.length || setStatus(text.noPictures);
  const added = pictures.map((file) => addItem(file, known));
  showItems(added);
  selectItem(added[0]);
  storeSession();
  for (const item of added) storeFile(item), storeItem(item);
}

// Puts back what `readSession` returned.
export function restoreItems(entries) {
  const restored = entries.map(({ file, known, cutout, shown }) => {
    const item = addItem(file, known), isSame = cutout?.requestId === shown?.requestId;
    item.lastCutout = restoreResult(item, cutout);
    item.lastShown = isSame ? item.lastCutout : restoreResult(item, shown);
    return item;
  });
  if (!restored.length) return;
  showItems(restored);
  selectItem(restored[0]);
}

function restoreResult(item, stored) {
  if (!stored) return undefined;
  const result = { ...stored, url: URL.createObjectURL(stored.blob) };
  item.results.add(result.requestId, result);
  return result;
}

function showItems(added) {
  for (const item of added) thumbnails.createTile(item, { selectItem: (selected) => { showGrid(false); selectItem(selected); }, selectNeighbour, removeItem, startDrag });
  updateLayout();
  drawThumbnails(added);
}

// One after the other; of a format that this browser cannot decode, the server makes a preview.
async function drawThumbnails(added) {
  for (const item of added) {
    if (!items.includes(item) || (item.lastShown && (await thumbnails.drawThumbnail(item, item.lastShown.blob)))) continue;
    if (item.results.size || (await thumbnails.drawThumbnail(item, item.file))) continue;
    item.needsPreview = true;
    if (item === selectedItem()) render();
    scheduleNext();
  }
}

export function updateLayout() {
  const hasItems = items.length + clips.length > 0;
  document.body.classList.toggle("bare", !hasItems);
  byId("empty").hidden = hasItems;
  byId("bench").hidden = byId("batch").hidden = !hasItems;
  byId("controls").hidden = !items.length || Boolean(shownClip());
  byId("all").hidden = byId("scope").hidden = items.length < 2;
  byId("grid").hidden = items.length + clips.length < 2;
  byId("batch").classList.toggle("clips-only", !items.length);
  if (byId("grid").hidden) showGrid(false);
  thumbnails.updateProgress(items);
}

// All photographs as a grid in the place of the viewer; or the viewer again.
export function showGrid(isGrid) {
  byId("bench").classList.toggle("grid", isGrid);
  byId("grid").setAttribute("aria-pressed", String(isGrid));
}

export function selectItem(item) {
  if (item !== selectedItem()) closeCropTool(), closeSubjectTool(), viewer.resetView();
  setSelectedItem(item);
  if (item && shownClip()) hideClip(), updateLayout();
  showValues(valuesOf(item));
  renderScope();
  scribbles.setItem(item);
  thumbnails.markSelected([...items, ...clips], item ?? shownClip());
  if (item) render();
  scheduleNext();
}

export function selectNeighbour(offset) {
  const current = selectedItem() ?? shownClip(), tiles = [...byId("strip").children].filter((tile) => tile === current?.tile || !tile.hidden);
  const tile = tiles[tiles.indexOf(current?.tile) + offset], entry = tile && [...items, ...clips].find((other) => other.tile === tile);
  if (entry) entry.show ? entry.show() : selectItem(entry);
}

export function removeItem(item) {
  const index = items.indexOf(item), neighbour = () => items[Math.min(index, items.length - 1)];
  if (index < 0) return;
  forgetItem(item);
  history.forgetItem(item.id);
  eraseStoredItem(item);
  if (!item.isBusy) erasePhotograph(item);
  const hasFocus = item.tile.contains(document.activeElement) || byId("failure").contains(document.activeElement);
  item.tile.remove();
  updateLayout();
  if (item === selectedItem()) selectItem(neighbour() ?? null);
  if (!items.length) clips[0]?.show();
  if (hasFocus) (neighbour()?.tile.firstChild ?? byId("choose")).focus();
  scheduleNext();
}

export function removeAllItems() {
  if ((hasUnsavedResults() || clips.some((clip) => clip.isUnsaved())) && !confirm(text.confirmRemoveAll)) return;
  for (const clip of [...clips]) clip.remove();
  for (const item of [...items]) removeItem(item);
  setStatus("");
  byId("choose").focus();
}
