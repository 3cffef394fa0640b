// What the viewer shows of the selected photograph: its result, or a preview that the page makes itself.
import { blurredBackground } from "/page/background_blur.js";
import { backdropOf } from "/page/backdrops.js";
import { byId } from "/page/dom.js";
import { selectedItem } from "/page/items.js";
import { adjustmentFilter, backgroundPreview, canComposeHere, canPreviewFromCutout, needsCutout } from "/page/request.js";
import { requestsFor, resultOf, scheduleNext } from "/page/scheduler.js";
import * as scribbles from "/page/scribbles.js";
import { settingsOf } from "/page/settings.js";
import { renderStatus } from "/page/status_line.js";
import * as thumbnails from "/page/thumbnails.js";
import * as viewer from "/page/viewer.js";

const DETAIL_SLACK = 1.1; // by which a preview may be enlarged
let swatchSample = null;

export function render() {
  const item = selectedItem();
  if (!item) return;
  const requests = requestsFor(item);
  viewer.show({ before: item.originalUrl, ...layersFor(item, requests) });
  scribbles.redraw();
  renderStatus(resultOf(item, "shown", requests) ?? null);
  updateSwatches(item.lastCutout);
}

// The final result where it is there; else the cutout with a preview of the rest; else the last result there was.
function layersFor(item, requests) {
  const settings = settingsOf(item), isScribbling = scribbles.isActive();
  const shown = resultOf(item, "shown", requests), current = resultOf(item, "cutout", requests), cutout = current ?? item.lastCutout;
  if (shown && !canComposeHere(settings) && !isScribbling) return resultLayer(shown);
  if (needsCutout(settings) && cutout && (isScribbling || canComposeHere(settings) || (current && canPreviewFromCutout(settings)))) {
    const background = { ...backgroundPreview(settings, backdropOf(settings)), ghost: scribbles.isKeeping() };
    if (background.blur) background.picture = blurredBackground(item.originalUrl, cutout, background.blur, render);
    return { ...resultLayer(cutout), background, filter: adjustmentFilter(settings) };
  }
  if (!needsCutout(settings)) return { after: item.originalUrl, size: null, background: {}, filter: adjustmentFilter(settings) };
  const last = item.lastShown ?? item.lastCutout;
  return last ? resultLayer(last) : { after: item.originalUrl, size: null, background: {}, filter: "none" };
}

const resultLayer = (result) => ({ after: result.url, size: [result.width, result.height], background: {}, filter: "none" });

// Where a preview is zoomed beyond its own pixels, the result is requested in full size.
export function onScaled(scale) {
  const item = selectedItem(), result = item && (resultOf(item, "shown") ?? item.lastCutout);
  if (!result?.isShrunk || item.needsDetail || scale * result.width < DETAIL_SLACK * result.shownWidth) return;
  item.needsDetail = true;
  scheduleNext();
}

// Shows the cutout itself on the background swatches.
async function updateSwatches(cutout) {
  const previous = swatchSample;
  if (!cutout || previous?.cutout === cutout) return;
  const sample = (swatchSample = { cutout });
  sample.url = await thumbnails.createSwatchUrl(cutout.blob).catch(() => null);
  if (swatchSample !== sample || !sample.url) return;
  byId("paints").style.setProperty("--cut", `url("${sample.url}")`);
  if (previous?.url) setTimeout(() => URL.revokeObjectURL(previous.url), 1000);
}
