// What the settings ask for around a subject, as composition.js draws it.
import { pixelSize } from "./request.js";

// { shadow, outlineShare, frame, rotate, colour } with `part` of the photograph (null for all of it); null where it is the subject alone.
// `colour` is that of a flat opaque background as [red, green, blue], else null. With `isPlaced`, there is a frame in any case.
export function readEffects(settings, colour, part, { isPlaced = false } = {}) {
  const shares = (name) => Number(settings.get(name)) / 100, kind = settings.get("shadow"), rotate = Number(settings.get("rotate")) || 0;
  const shadow = kind === "none" ? null : { kind, opacity: shares("shadow_opacity"), softness: shares("shadow_softness") }, outlineShare = shares("outline") / 10;
  const frame = readFrame(settings, part, shares);
  return shadow || outlineShare || frame.isNeeded || rotate || isPlaced ? { shadow, outlineShare, frame: frame.isNeeded || rotate || isPlaced ? frame : null, rotate, colour } : null;
}

function readFrame(settings, part, shares) {
  const pixels = readPixelSize(settings), aspect = part || Array.isArray(pixels) ? "original" : settings.get("aspect"), [wide, tall] = aspect.split(":").map(Number);
  const crops = settings.has("crop") && !part, fill = shares("fill"), position = fill ? [shares("across"), shares("down")] : [0.5, 0.5];
  return { part, crops, margin: crops ? shares("margin") : 0, pixels, aspect: tall ? wide / tall : null, fill, position, isNeeded: Boolean(crops || tall || fill || part || pixels) };
}

// [width, height], the longer side, or null.
function readPixelSize(settings) {
  const size = pixelSize(settings);
  if (!size) return null;
  return size.includes("x") ? size.split("x").map(Number) : Number(size);
}
