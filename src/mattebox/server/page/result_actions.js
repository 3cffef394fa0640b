// Actions on results: wait until they are up to date, then download, copy, share or drag them; and what is not saved yet.
import { byId } from "./dom.js";
import { items, selectedItem } from "./items.js";
import * as results from "./results.js";
import { hasFailed, requestsFor, resultOf, scheduleNext } from "./scheduler.js";
import { isAllStored } from "./session_store.js";
import { setStatus } from "./status_line.js";
import { text } from "./strings.js";

export function initResultActions() {
  const listen = (id, type, handler) => byId(id).addEventListener(type, handler);
  listen("download", "click", downloadResult);
  listen("download", "dragstart", (event) => startDrag(event, selectedItem()));
  listen("all", "click", downloadAll);
  listen("copy", "click", copyResult);
  listen("share", "click", shareResult);
  byId("share").hidden = !navigator.canShare?.({ files: [new File(["x"], "x.png", { type: "image/png" })] });
  addEventListener("beforeunload", (event) => { if (!isAllStored() && hasUnsavedResults()) event.preventDefault(); });
}

export const hasUnsavedResults = () => items.some((item) => item.isBusy || (resultOf(item, "shown") && item.savedResultId !== requestsFor(item).final.id));

// The results of these items once they are up to date, as [{ item, result }]; failed items are left out.
async function waitForResults(requested, button) {
  button.setAttribute("aria-busy", "true");
  try {
    for (;;) {
      const pending = requested.filter((item) => items.includes(item) && !hasFailed(item) && !resultOf(item, "final"));
      if (!pending.length) break;
      requestFinal(pending);
      if (byId("now").hidden) setStatus(text.preparing(requested.length - pending.length, requested.length));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    button.removeAttribute("aria-busy");
  }
  const entries = requested.filter((item) => items.includes(item) && resultOf(item, "final")).map((item) => ({ item, result: resultOf(item, "final") }));
  if (!entries.length) setStatus(text.nothingDone);
  return entries;
}

// Only what is taken from the page is requested in full size.
function requestFinal(pending) {
  const late = pending.filter((item) => item.wantedFinalId !== requestsFor(item).final.id);
  for (const item of late) item.wantedFinalId = requestsFor(item).final.id;
  if (late.length) scheduleNext();
}

const markSaved = ({ item, result }) => (item.savedResultId = result.requestId);

async function downloadResult() {
  for (const entry of await waitForResults([selectedItem()], byId("download"))) {
    const name = results.resultFileName(entry.item, entry.result);
    results.downloadBlob(entry.result.blob, name);
    markSaved(entry);
    setStatus(text.downloaded(name));
  }
}

async function downloadAll() {
  const entries = await waitForResults([...items], byId("all"));
  if (!entries.length) return;
  try {
    await results.downloadZip(entries);
    entries.forEach(markSaved);
    setStatus(text.downloaded(text.zipName(entries.length)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    setStatus(error.message);
  }
}

export async function copyResult() {
  const entries = waitForResults([selectedItem()], byId("copy"));
  try {
    await results.copyToClipboard(entries.then(([entry]) => entry.result.blob));
    (await entries).forEach(markSaved);
    setStatus(text.copied);
  } catch {
    setStatus(text.copyFailed);
  }
}

async function shareResult() {
  const [entry] = await waitForResults([selectedItem()], byId("share"));
  if (entry) await navigator.share({ files: [results.toFile(entry.item, entry.result)] }).then(() => markSaved(entry), () => {});
}

export function startDrag(event, item) {
  const result = resultOf(item, "final");
  if (!result) {
    requestFinal([item]); // the next drag has it
    return event.preventDefault();
  }
  results.setDragData(event, item, result);
  markSaved({ item, result });
}
