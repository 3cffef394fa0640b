// The strip of photographs: a thumbnail of each with its state and a button to remove it, and the progress of the batch.
import { arrowOffset, byId, createElement } from "./dom.js";
import { isDoubtful } from "./results.js";
import { decodeSmall } from "./small_decoding.js";
import { text } from "./strings.js";

const THUMBNAIL_PIXELS = 144;
const batchStart = { startedAt: 0, doneAtStart: 0 };
let isFiltered = false;

// `callbacks` has selectItem(item), selectNeighbour(offset), removeItem(item) and startDrag(event, item).
export function createTile(item, callbacks) {
  const tile = createElement("li"), badge = createElement("i", { innerHTML: `<svg aria-hidden="true"><use/></svg>` });
  const face = createElement("button", { type: "button", className: "face", draggable: true });
  const picture = createElement("canvas", { width: THUMBNAIL_PIXELS, height: THUMBNAIL_PIXELS });
  const remove = createElement("button", { type: "button", className: "remove", innerHTML: `<svg aria-hidden="true"><use href="#i-close"/></svg>` });
  remove.setAttribute("aria-label", text.removeItem(item.file.name));
  face.append(picture, badge);
  tile.append(face, remove);
  face.addEventListener("click", () => callbacks.selectItem(item));
  face.addEventListener("dragstart", (event) => callbacks.startDrag(event, item));
  face.addEventListener("keydown", (event) => {
    const offset = arrowOffset(event);
    if (event.key === "Delete") callbacks.removeItem(item);
    else if (offset) callbacks.selectNeighbour(offset);
    else return;
    event.preventDefault();
    document.querySelector("#strip [aria-current=true]")?.focus();
  });
  remove.addEventListener("click", () => callbacks.removeItem(item));
  byId("strip").append(tile);
  item.tile = tile;
  setState(item, item.state);
}

// A result that is done may be doubtful.
export function setState(item, newState, result) {
  Object.assign(item, { state: newState, stateResult: result });
  const shownState = newState === "done" && isDoubtful(result) ? "doubtful" : newState, { dataset } = item.tile;
  if (dataset.status === newState && dataset.shown === shownState) return;
  Object.assign(dataset, { status: newState, shown: shownState });
  const face = item.tile.firstChild;
  face.setAttribute("aria-label", text.tile(item.file.name, text.states[shownState]));
  face.title = item.file.name;
  face.querySelector("use").setAttribute("href", ["failed", "doubtful"].includes(shownState) ? "#i-bad" : "#i-good");
}

// Writes the texts of an item's tile again, in another language.
export function relabel(item) {
  item.tile.lastElementChild.setAttribute("aria-label", text.removeItem(item.file.name));
  delete item.tile.dataset.shown;
  setState(item, item.state, item.stateResult);
}

export const needsLook = (item) => ["doubtful", "failed"].includes(item.tile.dataset.shown);

// Shows only the tiles that a person should look at, or all of them again.
export function toggleLookFilter(items) {
  isFiltered = !isFiltered;
  updateProgress(items);
}

export const isVisible = (item) => !item.tile.hidden;

// Marks the selected tile, which is also the only one in the tab order.
export function markSelected(items, selectedItem) {
  for (const item of items) {
    item.tile.firstChild.setAttribute("aria-current", String(item === selectedItem));
    for (const button of item.tile.children) button.tabIndex = item === selectedItem ? 0 : -1;
  }
  selectedItem?.tile.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// Draws a picture into an item's tile; false where the browser cannot decode it.
export async function drawThumbnail(item, blob) {
  const small = await downscale(blob).catch(() => null);
  if (small) drawPicture(item, small);
  return Boolean(small);
}

// Draws a canvas into an item's tile.
export function drawPicture(item, small) {
  const context = item.tile.querySelector("canvas").getContext("2d"), side = THUMBNAIL_PIXELS;
  const scale = Math.max(side / small.width, side / small.height), width = small.width * scale, height = small.height * scale;
  context.clearRect(0, 0, side, side);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, (side - width) / 2, (side - height) / 2, width, height);
  item.tile.firstChild.dataset.drawn = "";
}

// The object URL of a small copy of a cutout, for the swatches.
export async function createSwatchUrl(blob) {
  const small = await downscale(blob);
  return URL.createObjectURL(await new Promise((resolve) => small.toBlob(resolve)));
}

async function downscale(blob) {
  const { image: bitmap, size } = await decodeSmall(blob, 4 * THUMBNAIL_PIXELS), scale = Math.min(1, (2 * THUMBNAIL_PIXELS) / Math.max(...size));
  const [width, height] = size.map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = createElement("canvas", { width, height }), context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas;
}

// Shows how many are done, and an estimate of the time left.
export function updateProgress(items) {
  const count = (...states) => items.filter((item) => states.includes(item.state)).length;
  const left = count("waiting", "working"), failed = count("failed"), done = items.length - left;
  if (!left || !batchStart.startedAt || done < batchStart.doneAtStart) Object.assign(batchStart, { startedAt: left ? performance.now() : 0, doneAtStart: done });
  const finished = done - batchStart.doneAtStart;
  const secondsEach = finished > 1 ? (performance.now() - batchStart.startedAt) / finished / 1000 : 0;
  byId("progress").max = Math.max(1, items.length);
  byId("progress").value = done;
  byId("progress").classList.toggle("over", !left);
  const toCheck = items.filter(needsLook).length, button = byId("to-check");
  isFiltered &&= toCheck > 0;
  for (const item of items) item.tile.hidden = isFiltered && !needsLook(item);
  button.hidden = !toCheck || items.length < 2;
  button.textContent = text.lookFilter(toCheck);
  button.setAttribute("aria-pressed", String(isFiltered));
  byId("batch").classList.toggle("over", !left && button.hidden && !failed);
  byId("counted").textContent = text.batchProgress(done - failed, failed, items.length, secondsEach && left > 1 ? text.seconds(secondsEach * left) : "");
  byId("again").hidden = !failed;
}
