// Scheduling of requests: what each photograph still needs, and which request is sent next.
import { ApiError } from "./api.js";
import { backdropOf } from "./backdrops.js";
import { applyPatch } from "./cutout_patch.js";
import { cutsHereFirst, isDeviceOnly } from "./device_mode.js";
import { cutOutFirst, glanceAt, makeResult } from "./device_results.js";
import { IS_LOCAL } from "./dom.js";
import { items, selectedItem } from "./items.js";
import { isLens } from "./lens_settings.js";
import { erasePhotograph, submitAbout } from "./photographs.js";
import { canComposeHere, canPreviewFromCutout, cutoutRequest, finalRequest, needsCutout, previewRequest, shownRequest, withoutStrokes } from "./request.js";
import * as scribbles from "./scribbles.js";
import { settingsOf } from "./settings.js";
import { canShrink, shrinkPhotograph } from "./shrunk_photographs.js";
import { text } from "./strings.js";

const MAX_CONCURRENT_REQUESTS = 2; // one uploads while the server works on the other
const PREVIEW_PIXELS = 2_000_000; // of a result that is looked at; its full size comes with the download, or when it is zoomed
let callbacks = {}, requestsInFlight = 0;

// `handlers` has onWait(seconds, reason), onResult(item, result, isFirst), onFirstCutout(item, isFirst), onPreview(item, blob), onShrunk(item),
// onFinished(item) and onUpdate().
export function initScheduler(handlers) {
  callbacks = handlers;
}

// The requests of an item: for the `cutout` alone, for what is `shown` (the cutout, where the page composes the rest
// itself) and for the `final` result, which is downloaded.
export function requestsFor(item) {
  const settings = settingsOf(item), backdrop = backdropOf(settings), cutout = cutoutRequest(subjectOf(item, settings), settings);
  return { cutout, final: finalRequest(item, settings, backdrop), shown: canComposeHere(settings, item) ? cutout : shownRequest(item, settings, backdrop) };
}

// With a lens the server looks for the subject itself: marks are for cutouts.
const subjectOf = (item, settings) => (isLens(settings) && !isDeviceOnly() ? { ...item, scribbles: item.scribbles.filter((scribble) => scribble.mode === "heal") } : withoutStrokes(item));

export const resultOf = (item, kind, requests = requestsFor(item)) => (kind === "final" ? item.results.getFull(requests.final.id) : item.results.get(requests[kind].id));
export const hasFailed = (item, requests = requestsFor(item)) => Boolean(item.failure?.requestIds.includes(requests.shown.id));
export const itemState = (item) => (hasFailed(item) ? "failed" : item.isBusy ? "working" : resultOf(item, "shown") ? "done" : "waiting");
export const isBusy = () => requestsInFlight > 0;

// Sends the next requests: the selected photograph's first and alone, then those of the others.
export function scheduleNext() {
  const selected = selectedItem(), first = selected && nextRequest(selected);
  if (selected && lacksFirstCutout(selected)) makeFirstCutout(selected);
  if (first) sendRequest(selected, first);
  for (const item of selected?.isBusy ? [] : items) {
    const request = requestsInFlight < MAX_CONCURRENT_REQUESTS && nextRequest(item);
    if (request) sendRequest(item, request);
  }
  callbacks.onUpdate();
}

// The next request of an item, or null: first one that gives the user something to see, then the final one.
function nextRequest(item) {
  const requests = requestsFor(item), settings = settingsOf(item);
  if (item.isBusy || hasFailed(item, requests)) return null;
  if (item.needsPreview && !item.hasPreview) return { kind: "preview", ...previewRequest() };
  if (item.wantedFinalId === requests.final.id && !resultOf(item, "final", requests)) return requests.final;
  const isSelected = item === selectedItem(), hasShown = Boolean(resultOf(item, "shown", requests));
  const lacksCutout = isSelected && needsCutout(settings) && !resultOf(item, "cutout", requests);
  if (lacksCutout && (scribbles.isActive() || (!hasShown && canPreviewFromCutout(settings)))) return asPreview(requests.cutout);
  if (!hasShown) return !isSelected && isFinalAtOnce(requests) ? requests.final : asPreview(requests.shown);
  const detailed = scribbles.isActive() && needsCutout(settings) ? requests.cutout : requests.shown;
  return isSelected && item.needsDetail && !isLens(settings) && !item.results.getFull(detailed.id) ? detailed : null;
}

// Whether a photograph of a batch is made in full size at once, so that the server does not make it twice: where nothing
// goes over a slow line, and what is shown is what will be downloaded.
const isFinalAtOnce = ({ final, shown }) => IS_LOCAL && !isDeviceOnly() && final.id === shown.id;

const asPreview = (request) => ({ ...request, fields: { ...request.fields, preview: String(PREVIEW_PIXELS) } });

async function sendRequest(item, request) {
  requestsInFlight += 1;
  item.isBusy = true;
  const scribbleCount = item.scribbles.length;
  const onProgress = (phase, fraction = 0) => (item.progress = phase && { phase, fraction }, callbacks.onUpdate());
  try {
    const settings = settingsOf(item), result = isDeviceOnly() ? await makeResult(item, request, settings, backdropOf(settings)) : await requestResult(item, request, onProgress);
    if (items.includes(item)) storeResult(item, request, result, scribbleCount);
  } catch (error) {
    if (error.code === "device_only") return; // it is made here instead
    if (canShrink(item, error.code) && (await shrinkPhotograph(item))) return callbacks.onShrunk(item); // and sent again
    if (!(error instanceof ApiError)) console.error(error); // a bug: shown as a failure, not retried
    item.isPainted ||= error.code === "no_subject";
    item.failure = { requestIds: [request.id, requestsFor(item).shown.id], code: error.code, problem: error.message, remedy: error.remedy ?? text.unexpectedAnswerRemedy };
  } finally {
    requestsInFlight -= 1;
    Object.assign(item, { isBusy: false, progress: null });
    if (!items.includes(item)) erasePhotograph(item); // it was removed meanwhile
    callbacks.onFinished(item);
    scheduleNext();
  }
}

const toPlacement = (bounds) => (bounds ? { left: bounds[0], top: bounds[1], width: bounds[2], height: bounds[3] } : null);

async function buildForm(item, request) {
  const form = new FormData();
  for (const [name, value] of Object.entries(request.fields)) form.set(name, value);
  if (request.backdrop) form.set("background_image", request.backdrop.file);
  if (request.maskStrokes.length) {
    const masks = await scribbles.renderMasks(request.maskStrokes, item.pixelSize);
    for (const [name, blob] of Object.entries(masks)) form.set(name, blob, `${name}.png`);
  }
  return form;
}

// Whether the photograph on show has no cutout yet, and the device's would come before the server's.
function lacksFirstCutout(item) {
  const settings = settingsOf(item);
  return (cutsHereFirst() || isDeviceOnly()) && !item.firstCutout && !item.isCutHere && !item.results.size && needsCutout(settings) && canPreviewFromCutout(settings);
}

// Beside the request: a quick cutout, then a finer one, unless that is what the request makes. Where the device cannot, the
// server's cutout is the first.
async function makeFirstCutout(item) {
  item.isCutHere = true;
  try {
    showFirstCutout(item, await glanceAt(item));
    if (!isDeviceOnly() && items.includes(item) && !item.results.size) showFirstCutout(item, await cutOutFirst(item));
  } catch (error) {
    console.info(`no first cutout on this device: ${error.message}`);
  }
}

function showFirstCutout(item, cutout) {
  if (!cutout || !items.includes(item) || item.results.size) return cutout && URL.revokeObjectURL(cutout.url);
  const previous = item.firstCutout;
  item.firstCutout = cutout;
  if (previous) setTimeout(() => URL.revokeObjectURL(previous.url), 10_000); // it may still be on show
  return callbacks.onFirstCutout(item, !previous);
}

async function requestResult(item, request, onProgress) {
  const startedAt = performance.now(), form = await buildForm(item, request), former = item.lastCutout;
  if (request.isCutoutAlone && request.fields.preview) form.set("since", former?.fingerprint ?? "none");
  const response = await submitAbout(item, request.path, form, callbacks.onWait, onProgress), sent = await response.blob();
  if (request.kind === "preview") return { blob: sent };
  const made = JSON.parse(response.headers.get("X-Made")), blob = made.patch ? await applyPatch(former.blob, sent, made.patch) : sent;
  return readResult(request, blob, response.headers, (performance.now() - startedAt) / 1000);
}

function readResult(request, blob, headers, seconds) {
  const made = JSON.parse(headers.get("X-Made")), [width, height] = [made.width, made.height];
  return {
    blob, url: URL.createObjectURL(blob), seconds, isCutout: request.path.endsWith("cutouts"),
    width: made.full_width ?? width, height: made.full_height ?? height, isShrunk: Boolean(made.full_width), shownWidth: width,
    confidence: headers.has("X-Confidence") ? Math.round(100 * Number(headers.get("X-Confidence"))) : null,
    isFound: headers.get("X-Found") !== "false", placement: toPlacement(made.photograph_bounds),
    check: JSON.parse(headers.get("X-Check") ?? "null"), scene: made.scene ?? null, fingerprint: made.fingerprint ?? null,
  };
}

// Stores a result. A cutout without further changes is the final result, too: their requests are the same.
function storeResult(item, request, madeResult, scribbleCount) {
  if (request.kind === "preview") {
    item.hasPreview = true;
    return callbacks.onPreview(item, madeResult.blob);
  }
  const result = { requestId: request.id, ...madeResult }, isFirst = !item.results.size, requests = requestsFor(item);
  item.results.add(request.id, result);
  if (request.id === requests.cutout.id || request.isCutoutAlone) item.lastCutout = result;
  if (request.id === requests.shown.id) item.lastShown = result;
  Object.assign(item, { failure: null, appliedCount: Math.min(scribbleCount, item.scribbles.length) });
  return callbacks.onResult(item, result, isFirst && !item.firstCutout);
}
