// Requests to the API from the settings of the form, and a rough preview of their result in CSS.
import { isDeviceFormat } from "./device_formats.js";
import { isDeviceOnly } from "./device_mode.js";
import { hasBase, isLens, KEEP_BACKGROUND, LENS, lensFields } from "./lens_settings.js";

const ADJUSTMENT_FIELDS = ["exposure", "contrast", "highlights", "shadows", "clarity", "saturation", "vibrance", "warmth", "sharpen", "faces"];
const REGION_FIELD_BY_STEP = { light: "light_only", exposure: "light_only", contrast: "light_only", highlights: "light_only", shadows: "light_only",
  clarity: "light_only", balance: "balance_only", saturation: "colour_only", vibrance: "colour_only", warmth: "colour_only", style: "style_only", sharpen: "sharpen_only" };
const LOSSY_FORMATS = ["jpg", "webp", "avif"];
const DISPLAYABLE_FORMATS = ["png", "jpg", "webp", "avif"];
const UNPAINTED = ["transparent", KEEP_BACKGROUND, LENS];

// A preset always cuts, whatever the background; words decide where they say so.
export const needsCutout = (settings) => {
  if (settings.get("words_cut")) return settings.get("words_cut") === "yes";
  if (settings.get("recipe")) return settings.get("recipe_cut") === "yes";
  return ![KEEP_BACKGROUND, LENS].includes(settings.get("paint")) || hasBase(settings);
};

// { path, fields, maskStrokes, backdrop, id }: where the request goes, its plain fields, the brush strokes that become
// masks, the picture behind, and all of it as one string, which tells whether a result is still what the settings ask for;
// results of this device are others than the server's.
export function finalRequest(item, settings, backdrop) {
  const fields = {};
  addAdjustmentFields(fields, settings);
  if (settings.get("recipe")) fields.recipe = settings.get("recipe");
  if (hasScene(settings)) fields.scene = settings.get("scene");
  if (settings.get("words")) fields.words = settings.get("words"); // the server lets them change the other fields
  if (!needsCutout(settings)) {
    Object.assign(fields, lensFields(settings));
    if (!("restore" in fields) && !hasScene(settings) && !fields.recipe) fields.restore = "none"; // without any step, the server would choose some
    addFormatFields(fields, settings);
    return withId({ path: "/v1/enhancements", fields, maskStrokes: item.scribbles.filter((scribble) => scribble.mode === "heal") });
  }
  Object.assign(fields, cutoutFields(item, settings));
  if (settings.get("preset") && !fields.recipe) fields.preset = settings.get("preset");
  if (!hasBase(settings)) addCompositionFields(fields, settings);
  addFormatFields(fields, settings);
  addBackgroundFields(fields, settings, backdrop);
  if (backdrop) Object.assign(fields, lensFields(settings));
  return withId({ path: "/v1/cutouts", fields, maskStrokes: brushStrokes(item), backdrop: fields.background ? null : selectedBackdrop(settings, backdrop) });
}

// Whether only the server draws an item's strokes: where nothing but them is there, or where they lie on a photograph that it healed.
export const needsStrokes = (item) => item.isPainted || isHealed(item);
export const isHealed = (item) => item.scribbles.some((scribble) => scribble.mode === "heal");

// The item as the server is asked for its cutout: without brushed strokes, where the page draws them on it exactly as the server would.
export const withoutStrokes = (item) => (needsStrokes(item) ? item : { ...item, scribbles: item.scribbles.filter((scribble) => !scribble.size) });

// The cutout alone, as a PNG of the photograph's size: shown over a CSS background until the result is there.
export function cutoutRequest(item, settings) {
  const fields = { ...cutoutFields(item, settings), format: "png", background: "transparent" };
  return withId({ path: "/v1/cutouts", fields, maskStrokes: brushStrokes(item), backdrop: null, isCutoutAlone: true });
}

// The final result as the page shows it: in a format that browsers can display.
export function shownRequest(item, settings, backdrop) {
  const request = finalRequest(item, settings, backdrop);
  return DISPLAYABLE_FORMATS.includes(request.fields.format ?? "png") ? request : withId({ ...request, fields: { ...request.fields, format: "png" } });
}

// The photograph itself, for browsers that cannot display its format.
export const previewRequest = () => withId({ path: "/v1/enhancements", fields: { restore: "none", format: "jpg" }, maskStrokes: [] });

function withId(request) {
  const sortedFields = Object.entries(request.fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...request, id: JSON.stringify([request.path, sortedFields, request.maskStrokes, request.backdrop?.id ?? null, ...(isDeviceOnly() ? ["device"] : [])]) };
}

const selectedBackdrop = (settings, backdrop) => (settings.get("paint") === "picture" ? backdrop : null);
const brushStrokes = (item) => item.scribbles.filter((scribble) => scribble.size);

// Which of several subjects is kept; null for all.
const pickOf = (settings) => (settings.get("pick") === "place" ? settings.get("pick_place") : settings.get("pick")) || null;

// Without a chosen model, the server uses its own.
function cutoutFields(item, settings) {
  const fields = {};
  if (settings.get("model")) fields.model = settings.get("model");
  for (const name of ["edge_shift", "feather"]) if (Number(settings.get(name))) fields[name] = settings.get(name);
  if (settings.get("edges")) fields.edges = settings.get("edges");
  const pick = pickOf(settings);
  if (pick) fields.pick = pick;
  for (const mode of ["keep", "drop"]) {
    const lines = item.scribbles.filter((scribble) => scribble.mode === mode && !scribble.size)
      .map((scribble) => scribble.points.map(([x, y]) => `${x.toFixed(2)}%,${y.toFixed(2)}%`).join("/"));
    if (lines.length) fields[mode] = lines.join(" ");
  }
  return fields;
}

function addAdjustmentFields(fields, settings) {
  if (settings.has("auto")) Object.assign(fields, { restore: "auto", balance: "auto", light: "auto" });
  for (const name of ADJUSTMENT_FIELDS) if (Number(settings.get(name))) fields[name] = settings.get(name);
  for (const name of ["upscale", "style"]) if (settings.get(name) !== "none") fields[name] = settings.get(name);
  if (fields.style) fields.style_strength = settings.get("style_strength");
  const region = settings.get("only");
  if (region !== "all") for (const [name, regionField] of Object.entries(REGION_FIELD_BY_STEP)) if (name in fields) fields[regionField] = region;
}

function addCompositionFields(fields, settings) {
  fields.format = "png";
  if (settings.get("shadow") !== "none") for (const name of ["shadow", "shadow_opacity", "shadow_softness"]) fields[name] = settings.get(name);
  if (Number(settings.get("outline"))) fields.outline = `${settings.get("outline") / 10}%`;
  if (settings.get("crop_to")) fields.crop_to = settings.get("crop_to");
  else if (settings.has("crop")) Object.assign(fields, { crop: "true", margin: `${settings.get("margin")}%` });
  const size = pixelSize(settings);
  if (size) fields.size = size;
  if (settings.get("aspect") !== "original" && !size?.includes("x") && !fields.crop_to) fields.aspect = settings.get("aspect");
  if (Number(settings.get("rotate"))) fields.rotate = settings.get("rotate");
  if (Number(settings.get("fill"))) Object.assign(fields, { fill: `${settings.get("fill")}%`, position: `${settings.get("across")}% ${settings.get("down")}%` });
}

// The size in pixels that is asked for: "WIDTHxHEIGHT", or the longer side; null for the photograph's.
export function pixelSize(settings) {
  const [longer, width, height] = ["longer", "width", "height"].map((name) => Number(settings.get(name)));
  if (settings.get("size") === "exact") return width && height ? `${width}x${height}` : null;
  return settings.get("size") === "longer" && longer ? String(longer) : null;
}

// With a format that has one, the quality of the file.
function addFormatFields(fields, settings) {
  const format = settings.get("format");
  if (format !== "auto") fields.format = format;
  if (isLossy(settings)) fields.quality = settings.get("quality");
}

export const isLossy = (settings) => LOSSY_FORMATS.includes(settings.get("format"));

// With a preset, a background is sent only where one was chosen.
function addBackgroundFields(fields, settings, backdrop) {
  const paint = settings.get("paint"), isOpaque = settings.get("format") === "jpg";
  if (paint === "picture" && backdrop) {
    if (Number(settings.get("harmonise"))) fields.harmonise = settings.get("harmonise");
    return;
  }
  const isTransparent = ["transparent", "picture", KEEP_BACKGROUND, LENS].includes(paint);
  if (isTransparent && (hasBase(settings) || hasScene(settings))) return;
  if (isTransparent) fields.background = isOpaque ? "white" : "transparent";
  else if (paint === "colour") fields.background = settings.get("colour");
  else if (paint === "blur") fields.background = `blur(${settings.get("blur")}%)`;
  else fields.background = paint;
}

// ---- preview

// Whether the page composes the result itself from the cutout, without a request: not where colours of the subject change,
// and not what only the server draws, such as what is behind a subject of a photograph that it healed.
export function canComposeHere(settings, item) {
  const fields = {};
  if (isHealed(item) && ["blur", LENS].includes(settings.get("paint"))) return false;
  addAdjustmentFields(fields, settings);
  if (Object.keys(fields).length || !canPreviewFromCutout(settings)) return false;
  return isLens(settings) || (needsCutout(settings) && !isHarmonised(settings));
}

// Whether the cutout over a CSS background can stand for the result, for a moment: not where more than light changes.
export const canPreviewFromCutout = (settings) => !hasBase(settings) && !hasScene(settings) && !settings.get("words") && settings.get("style") === "none";

// Whether what the picture shows sets something.
const hasScene = (settings) => (settings.get("scene") || "none") !== "none";

// Whether only the server can do what the settings ask for.
export function needsServer(settings) {
  const fields = {};
  addAdjustmentFields(fields, settings);
  if (hasBase(settings) || settings.get("words") || Object.keys(fields).length || !isDeviceFormat(settings.get("format"))) return true;
  const hasOwnEdge = ["edge_shift", "feather"].some((name) => Number(settings.get(name))) || Boolean(settings.get("edges") || settings.get("pick") || hasScene(settings));
  return needsCutout(settings) && (hasOwnEdge || isHarmonised(settings));
}

export const changesFrame = (settings) => Boolean(settings.get("crop_to") || pixelSize(settings)) || settings.has("crop") || settings.get("aspect") !== "original"
  || Number(settings.get("fill")) > 0 || Number(settings.get("rotate")) !== 0;

// Whether the subject's colours follow those of the picture behind.
const isHarmonised = (settings) => settings.get("paint") === "picture" && Number(settings.get("harmonise")) > 0;

// The colour of a flat opaque background as [red, green, blue]; null for another one.
export function flatColour(settings) {
  const { paint } = backgroundPreview(settings, null), name = { white: "#ffffff", black: "#000000" }[paint] ?? paint;
  return /^#[0-9a-f]{6}$/i.test(name ?? "") ? [1, 3, 5].map((at) => parseInt(name.slice(at, at + 2), 16)) : null;
}

// The background: { paint } or { picture } as CSS, { blur } in percent or { studio }, which are drawn.
export function backgroundPreview(settings, backdrop) {
  const paint = settings.get("paint"), isOpaque = settings.get("format") === "jpg";
  if (paint === "picture") return { picture: backdrop?.url ?? null };
  if (paint === "blur") return { blur: Number(settings.get("blur")) };
  if (paint === "colour") return { paint: settings.get("colour") };
  if (paint === "studio") return { studio: true };
  if (UNPAINTED.includes(paint)) return { paint: isOpaque ? "white" : null };
  return { paint };
}
