// What the viewer shows of the selected photograph: its result, or a preview that the page makes itself.
import { backdropOf } from "./backdrops.js";
import { composedView } from "./composed_view.js";
import { isCropping, parseCropBox } from "./crop_tool.js";
import { byId } from "./dom.js";
import { decodedImage } from "./decoded_images.js";
import { backdropOnShow } from "./drawn_backdrops.js";
import { readEffects } from "./effects.js";
import { selectedItem } from "./items.js";
import { backgroundPreview, canComposeHere, canPreviewFromCutout, changesFrame, cutoutRequest, flatColour, needsCutout, needsStrokes, withoutStrokes } from "./request.js";
import { beforeBackdrop, lensCanvas } from "./lens_layers.js";
import { blursBackdrop, isLens } from "./lens_settings.js";
import { renderPlaces } from "./place_tools.js";
import { requestsFor, resultOf, scheduleNext } from "./scheduler.js";
import * as scribbles from "./scribbles.js";
import { exceededMegapixels } from "./server_limits.js";
import { settingsOf } from "./settings.js";
import { renderStatus } from "./status_line.js";
import { text } from "./strings.js";
import { drawSubject, photographCanvas, strokePath } from "./subject_canvas.js";
import { isPlacing, placingNote, renderSubjectTool } from "./subject_tool.js";
import * as thumbnails from "./thumbnails.js";
import { adjustmentFilter } from "./tone_preview.js";
import * as viewer from "./viewer.js";

const DETAIL_SLACK = 1.1; // by which a preview may be enlarged
const DISPLAYABLE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif"];
const MAX_CANVAS_PIXELS = 2_000_000; // of a subject that is painted out of nothing
let swatchSample = null;

export function render() {
  const item = selectedItem();
  if (!item) return;
  const requests = requestsFor(item);
  const layers = layersFor(item, requests), result = resultOf(item, "shown", requests) ?? null;
  viewer.show({ before: item.originalUrl, ...layers });
  byId("frame").toggleAttribute("data-draft", Boolean(layers.isDraft));
  if (layers.subject) drawChangedThumbnail(item, layers.subject);
  scribbles.redraw();
  renderPlaces();
  renderSubjectTool(layers.subjectBox ?? null);
  renderStatus(result && layers.size ? { ...result, width: layers.size[0], height: layers.size[1] } : result, placingNote() ?? scribbles.healingNote() ?? sizeNote(layers.size));
  updateSwatches(item, item.lastCutout ?? item.firstCutout ?? null);
}

// That a canvas is larger than the server makes, before it is asked for.
function sizeNote(size) {
  const megapixels = size && exceededMegapixels(...size);
  return megapixels ? text.tooManyPixels(...size, megapixels) : null;
}

// Strokes change a subject without a result of the server's.
function drawChangedThumbnail(item, subject) {
  const key = item.scribbles.length;
  if ((item.thumbnailMarks ?? 0) === key) return;
  item.thumbnailMarks = key;
  thumbnails.drawPicture(item, subject);
}

// The final result where it is there; else the cutout with a preview of the rest; else the last result there was.
function layersFor(item, requests) {
  const settings = settingsOf(item), isScribbling = scribbles.isActive() && (needsCutout(settings) || !scribbles.isHealing());
  const shown = resultOf(item, "shown", requests), current = resultOf(item, "cutout", requests);
  if (shown && !canComposeHere(settings, item) && !isScribbling && !isPlacing() && !(isCropping() && changesFrame(settings))) return resultLayer(shown);
  if (isLens(settings)) return lensLayer(item, current ?? item.lastCutout ?? item.firstCutout ?? null, settings);
  if (!needsCutout(settings)) return { ...photographLayer(item), filter: adjustmentFilter(settings) };
  const { cutout, pending } = latestCutout(item, settings), isNew = current ?? (cutout && cutout === item.firstCutout);
  if (cutout && (isScribbling || isPlacing() || canComposeHere(settings, item) || (isNew && canPreviewFromCutout(settings)))) return composedLayers(item, cutout, pending, settings, isScribbling);
  if (isScribbling && item.failure) return paintedLayer(item);
  const last = item.lastShown ?? item.lastCutout;
  return last ? resultLayer(last) : photographLayer(item);
}

// A cutout with the marks that it lacks, and what the page draws around and behind it; not around it while it is worked on.
function composedLayers(item, cutout, pending, settings, isScribbling) {
  const isWorkedOn = isScribbling || isCropping(), backdrop = backdropOf(settings), background = { ...backgroundPreview(settings, backdrop), ghost: scribbles.isKeeping() };
  const effects = isWorkedOn ? null : readEffects(settings, flatColour(settings), parseCropBox(settings.get("crop_to")), { isPlaced: isPlacing() }), blurs = !isWorkedOn && blursBackdrop(settings) && backdrop;
  const subject = effects || blurs || pending.length || isScribbling || background.blur ? drawSubject(item.originalUrl, cutout.url, null, pending, render) : null;
  const layers = { ...resultLayer(cutout), subject, composed: subject, background, filter: adjustmentFilter(settings) };
  if (!subject && !background.studio) return layers;
  const drawn = effects && subject ? composedView(subject, layers.size, effects, render) : wholeSubject(subject, layers);
  if (background.studio || background.blur) background.canvas = backdropOnShow(background, placeOf(drawn), background.blur && photographSource(item, cutout, isScribbling ? null : subject, pending, layers.size));
  const before = blurs ? beforeBackdrop(drawn.canvas, backdrop, drawn.contactShare, settings, render) : null;
  return { ...layers, composed: before ?? drawn.canvas, size: drawn.size, placement: drawn.placement, subjectBox: drawn.subjectBox, isDraft: drawn.isDraft, ...(before && { background: {} }) };
}

// Without anything around it.
function wholeSubject(subject, { size, placement }) {
  const canvas = subject ?? { width: size[0], height: size[1] };
  return { canvas: subject, size, placement, photograph: { left: 0, top: 0, scale: canvas.width / size[0] } };
}

const placeOf = ({ canvas, size, photograph }) => ({ shape: canvas ? [canvas.width, canvas.height] : size, photograph });

// The photograph and its subject, of which a background is made. The subject is a canvas; null for that of the cutout, without the
// marks that it lacks.
function photographSource(item, cutout, subject, pending, size) {
  const photograph = photographCanvas();
  return { photograph, cutout: subject ?? decodedImage(cutout.url, render), size, sampled: [photograph.width, photograph.height], key: JSON.stringify([item.originalUrl, cutout.url, subject && pending]) };
}

// Through a lens: the photograph, until its blur is there.
function lensLayer(item, cutout, settings) {
  const final = resultOf(item, "final");
  if (final && canComposeHere(settings, item) && DISPLAYABLE_TYPES.includes(final.blob.type)) return resultLayer(final);
  const composed = cutout ? lensCanvas(item, cutout, settings, render) : null;
  return { ...photographLayer(item), size: cutout ? [cutout.width, cutout.height] : null, composed, filter: adjustmentFilter(settings) };
}

const resultLayer = (result) => ({
  after: result.url, size: [result.width, result.height], composed: null, placement: result.placement ?? null, background: {}, filter: "none",
});
const photographLayer = (item) => ({ after: item.originalUrl, size: null, composed: null, placement: null, background: {}, filter: "none" });

// Where no subject was found: what is painted, and the photograph shining through.
function paintedLayer(item) {
  const size = viewer.imageSize() ?? [1, 1], scale = Math.min(1, Math.sqrt(MAX_CANVAS_PIXELS / (size[0] * size[1])));
  const composed = drawSubject(item.originalUrl, null, size.map((length) => Math.max(1, Math.round(length * scale))), item.scribbles, render);
  return { ...photographLayer(item), composed, background: { ghost: true } };
}

// The cutout that shows most of a photograph's marks, from the first on, and the marks that it lacks. Until the server has
// answered it is the one of this device, if there is one.
function latestCutout(item, settings) {
  for (let count = item.scribbles.length; count >= 0; count -= 1) {
    const earlier = { ...item, scribbles: item.scribbles.slice(0, count) }, cutout = item.results.get(cutoutRequest(withoutStrokes(earlier), settings).id);
    if (cutout) return { cutout, pending: item.scribbles.filter((scribble, i) => i >= count || (scribble.size && !needsStrokes(earlier))) };
  }
  return item.lastCutout || !item.firstCutout ? { cutout: item.lastCutout, pending: [] } : { cutout: item.firstCutout, pending: item.scribbles };
}

// Shows a brushed stroke while it is being drawn: the line from its last point but one.
export function drawLiveStroke(stroke) {
  const canvas = byId("composed"), context = canvas.getContext("2d");
  if (!stroke.size || stroke.mode === "heal" || canvas.hidden || !photographCanvas()) return;
  context.globalCompositeOperation = stroke.mode === "drop" ? "destination-out" : "source-over";
  const style = stroke.mode === "keep" ? context.createPattern(photographCanvas(), "no-repeat") : "black";
  strokePath(context, { size: stroke.size, points: stroke.points.slice(-2) }, [canvas.width, canvas.height], style);
}

// Where a preview is zoomed beyond its own pixels, the result is requested in full size.
export function onScaled(scale) {
  const item = selectedItem(), result = item && (resultOf(item, "shown") ?? item.lastCutout);
  if (!result?.isShrunk || item.needsDetail || scale * result.width < DETAIL_SLACK * result.shownWidth) return;
  item.needsDetail = true;
  scheduleNext();
}

// Shows the cutout itself on the background swatches, and the photograph where it is the background.
async function updateSwatches(item, cutout) {
  const previous = swatchSample;
  if (previous?.item === item && previous.cutout === cutout) return;
  const isSame = previous?.item === item, sample = (swatchSample = { item, cutout, photograph: isSame ? previous.photograph : toSwatch(item.file) });
  sample.subject = cutout ? toSwatch(cutout.blob) : null;
  if (!isSame) for (const name of ["--photo", "--cut"]) setSwatchPicture(name, null); // nothing of another photograph
  for (const [name, picture] of [["--photo", sample.photograph], ["--cut", sample.subject]]) {
    const url = await picture;
    if (swatchSample === sample) setSwatchPicture(name, url);
  }
  for (const old of [previous?.subject, isSame ? null : previous?.photograph]) old?.then((url) => setTimeout(() => URL.revokeObjectURL(url), 1000));
}

const toSwatch = (blob) => thumbnails.createSwatchUrl(blob).catch(() => null); // of a format that this browser cannot decode

function setSwatchPicture(name, url) {
  if (url) byId("panels").style.setProperty(name, `url("${url}")`);
  else byId("panels").style.removeProperty(name);
}
