// Scheduling of requests: what each photograph still needs, and which request is sent next.
import { ApiError, submit } from "/page/api.js";
import { readSettings } from "/page/form.js";
import { canPreviewFromCutout, cutoutRequest, finalRequest, needsCutout, previewRequest } from "/page/request.js";
import * as scribbles from "/page/scribbles.js";
import { text } from "/page/strings.js";

const MAX_CONCURRENT_REQUESTS = 2; // one uploads while the server works on the other
const DISPLAYABLE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif"];
let callbacks = {}, requestsInFlight = 0;

// `handlers` has items, selectedItem(), backdrop(), onWait(seconds, reason), onResult(item, result, isFirst),
// onPreview(item, blob), onFinished(item) and onUpdate().
export function initScheduler(handlers) {
  callbacks = handlers;
}

export const requestsFor = (item) => ({ final: finalRequest(item, readSettings(), callbacks.backdrop()), cutout: cutoutRequest(item, readSettings()) });
export const hasResult = (item, kind, requests = requestsFor(item)) => item.results[kind]?.requestId === requests[kind].id;
export const isDisplayable = (result) => DISPLAYABLE_TYPES.includes(result?.blob.type);
export const hasFailed = (item, requests = requestsFor(item)) => Boolean(item.failure?.requestIds.includes(requests.final.id));
export const itemState = (item) => (hasFailed(item) ? "failed" : item.isBusy ? "working" : hasResult(item, "final") ? "done" : "waiting");
export const isBusy = () => requestsInFlight > 0;

// Sends the next requests: the selected photograph's first and alone, then those of the others.
export function scheduleNext() {
  const selected = callbacks.selectedItem(), first = selected && nextRequest(selected);
  if (first) sendRequest(selected, first);
  for (const item of selected?.isBusy ? [] : callbacks.items) {
    const request = requestsInFlight < MAX_CONCURRENT_REQUESTS && nextRequest(item);
    if (request) sendRequest(item, request);
  }
  callbacks.onUpdate();
}

// The next request of an item, or null: first one that gives the user something to see, then the final one.
function nextRequest(item) {
  const requests = requestsFor(item);
  if (item.isBusy || hasFailed(item, requests)) return null;
  if (item.needsPreview && !item.hasPreview) return { kind: "preview", ...previewRequest() };
  const lacksCutout = item === callbacks.selectedItem() && needsCutout(readSettings()) && !hasResult(item, "cutout", requests);
  const hasFinal = hasResult(item, "final", requests), cutout = { kind: "cutout", ...requests.cutout };
  if (lacksCutout && (scribbles.isActive() || (!hasFinal && canPreviewFromCutout(readSettings())))) return cutout;
  if (!hasFinal) return { kind: "final", ...requests.final };
  return lacksCutout && !isDisplayable(item.results.final) ? cutout : null;
}

async function sendRequest(item, request) {
  requestsInFlight += 1;
  item.isBusy = true;
  const startedAt = performance.now(), scribbleCount = item.scribbles.length;
  const onProgress = (phase, fraction = 0) => (item.progress = phase && { phase, fraction }, callbacks.onUpdate());
  try {
    const response = await submit(request.path, await buildForm(item, request), callbacks.onWait, onProgress), blob = await response.blob();
    const seconds = (performance.now() - startedAt) / 1000;
    if (callbacks.items.includes(item)) storeResult(item, request, blob, response.headers, seconds, scribbleCount);
  } catch (error) {
    if (!(error instanceof ApiError)) console.error(error); // a bug: shown as a failure, not retried
    item.failure = { requestIds: [request.id, requestsFor(item).final.id], code: error.code, problem: error.message, remedy: error.remedy ?? text.unexpectedAnswerRemedy };
  } finally {
    requestsInFlight -= 1;
    Object.assign(item, { isBusy: false, progress: null });
    callbacks.onFinished(item);
    scheduleNext();
  }
}

async function buildForm(item, request) {
  const form = new FormData();
  form.set("image", item.file);
  for (const [name, value] of Object.entries(request.fields)) form.set(name, value);
  if (request.backdrop) form.set("background_image", request.backdrop.file);
  if (request.maskStrokes.length) {
    const masks = await scribbles.renderMasks(request.maskStrokes, item.pixelSize);
    for (const [name, blob] of Object.entries(masks)) form.set(name, blob, `${name}.png`);
  }
  return form;
}

// Stores a result wherever it is needed: a cutout without further changes is the final result, too.
function storeResult(item, request, blob, headers, seconds, scribbleCount) {
  if (request.kind === "preview") {
    item.hasPreview = true;
    return callbacks.onPreview(item, blob);
  }
  const result = {
    requestId: request.id, blob, url: URL.createObjectURL(blob), seconds, isCutout: request.path.endsWith("cutouts"),
    width: headers.get("X-Width"), height: headers.get("X-Height"),
    confidence: headers.has("X-Confidence") ? Math.round(100 * Number(headers.get("X-Confidence"))) : null,
    isFound: headers.get("X-Found") !== "false",
    check: JSON.parse(headers.get("X-Check") ?? "null"),
  };
  const requests = requestsFor(item), isFirst = !Object.keys(item.results).length;
  for (const kind of ["final", "cutout"]) {
    if (kind !== request.kind && requests[kind].id !== request.id) continue;
    const previous = item.results[kind];
    item.results[kind] = result;
    if (previous && !Object.values(item.results).includes(previous)) URL.revokeObjectURL(previous.url);
  }
  Object.assign(item, { failure: null, appliedCount: Math.min(scribbleCount, item.scribbles.length) });
  callbacks.onResult(item, result, isFirst);
}
