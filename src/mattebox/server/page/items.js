// The photographs of this tab, and which of them is selected.
import { ItemResults } from "./item_results.js";
import { createId } from "./tab_session.js";

// { id, file, name, originalUrl, photographId, scribbles, appliedCount, isPainted, ownValues, results, lastCutout, lastShown, failure,
//   isBusy, progress, needsPreview, hasPreview, needsDetail, wantedFinalId, shrinkCount, savedResultId, pixelSize, state, tile; of this device: isCutHere, firstCutout, prediction }
export const items = [];
const selection = { item: null };

export const selectedItem = () => selection.item;
export const setSelectedItem = (item) => (selection.item = item);
export const findItem = (id) => items.find((item) => item.id === id) ?? null;

// A new photograph, or one that was stored before with what is `known` of it.
export function addItem(file, known = {}) {
  const item = {
    id: createId(), file, name: file.name.replace(/\.\w+$/, "") || "photo", originalUrl: URL.createObjectURL(file), scribbles: [], appliedCount: 0, ownValues: null,
    results: null, state: "waiting", ...known,
  };
  item.results = new ItemResults(() => [item.lastCutout, item.lastShown]);
  items.push(item);
  return item;
}

export function forgetItem(item) {
  items.splice(items.indexOf(item), 1);
  URL.revokeObjectURL(item.originalUrl);
  if (item.firstCutout) URL.revokeObjectURL(item.firstCutout.url);
  item.results.clear();
}
