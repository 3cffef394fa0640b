// Composes a subject with outline, shadow and frame, as the server does, at the preview's size. The background lies behind
// the canvas.
import { createCanvas } from "./decoded_images.js";
import { addOutline } from "./outline.js";
import { boundingBox, cropImage, measureExtent, placeSubject } from "./placement.js";
import { round } from "./planes.js";
import { GROUND_KINDS, renderShadow } from "./shadow.js";
import { visibleBox } from "./visible_box.js";

const MIN_CUT_OFF_HEIGHT_SHARE = 0.995; // of a photograph's height: a subject that reaches farther down is cut off
const HALF_OPAQUE = 127;
const MAX_CANVAS_PIXELS = 2_500_000; // of a composition on show: where wide margins make it larger, it is composed of a smaller subject
let last = { key: null };

// What the settings ask for, with `part` of the photograph (null for all of it): { shadow, outlineShare, frame, colour }; null where it is the subject alone. `colour` is that of
// a flat opaque background as [red, green, blue], else null.
export function readEffects(settings, colour, part) {
  const shares = (name) => Number(settings.get(name)) / 100, kind = settings.get("shadow"), aspect = part ? "original" : settings.get("aspect"), crops = settings.has("crop") && !part;
  const shadow = kind === "none" ? null : { kind, opacity: shares("shadow_opacity"), softness: shares("shadow_softness") }, outlineShare = shares("outline") / 10;
  const [wide, tall] = aspect.split(":").map(Number), fill = shares("fill"), position = [shares("across"), shares("down")];
  const frame = crops || tall || fill || part ? { part, crops, margin: crops ? shares("margin") : 0, aspect: tall ? wide / tall : null, fill, position: fill ? position : [0.5, 0.5] } : null;
  return shadow || outlineShare || frame ? { shadow, outlineShare, frame, colour } : null;
}

// `subject` is a canvas, `size` [width, height] of the photograph. Returns { canvas, size, placement }: the composition's size in
// pixels of the photograph, where the photograph lies on it as { left, top, width, height } in shares of it, and the `contactShare` of its height on which the
// subject stands.
export function compose(subject, size, effects, maxPixels = MAX_CANVAS_PIXELS) {
  const key = JSON.stringify([size, effects, maxPixels]);
  if (last.key === key && last.subject === subject) return last.result;
  last = { key, subject, result: composeLayers(subject, size, effects, maxPixels) };
  return last.result;
}

function composeLayers(subject, [width, height], { shadow: wantedShadow, outlineShare, frame, colour }, maxPixels) {
  const scale = subject.width / width, pixels = readPixels(subject), whole = [0, 0, subject.width, subject.height];
  const opaqueBox = boundingBox(pixels, HALF_OPAQUE) ?? whole, isCutOff = opaqueBox[3] >= MIN_CUT_OFF_HEIGHT_SHARE * subject.height;
  const box = frame || wantedShadow ? visiblePart(pixels, opaqueBox, colour) : opaqueBox;
  const shadow = wantedShadow && !(isCutOff && GROUND_KINDS.includes(wantedShadow.kind)) ? wantedShadow : null;
  const cutOff = [box[0] <= 0, box[1] <= 0, box[2] >= subject.width, isCutOff];
  const placement = frame ? placeSubject([subject.width, subject.height], box, frame, measureExtent(pixels, box, shadow, outlineShare, cutOff)) : { size: whole.slice(2), left: 0, top: 0, scale: 1 };
  const area = placement.size[0] * placement.size[1];
  if (area > 1.1 * maxPixels) return composeLayers(shrink(subject, Math.sqrt(maxPixels / area)), [width, height], { shadow: wantedShadow, outlineShare, frame, colour }, maxPixels);
  const canvas = createCanvas(...placement.size), context = canvas.getContext("2d");
  context.drawImage(subject, placement.left, placement.top, subject.width * placement.scale, subject.height * placement.scale);
  if (outlineShare) context.putImageData(addOutline(readPixels(canvas), outlineShare * Math.max(...placement.size)), 0, 0);
  if (shadow) drawShadow(context, box, placement, outlineShare, shadow);
  const [wide, tall] = placement.size, bottom = Math.round(box[3] * placement.scale + placement.top) + round(outlineShare * Math.max(wide, tall));
  return {
    canvas, contactShare: Math.min(1, bottom / tall), size: frame ? placement.size.map((length) => round(length / scale)) : [width, height],
    placement: { left: placement.left / wide, top: placement.top / tall, width: (subject.width * placement.scale) / wide, height: (subject.height * placement.scale) / tall },
  };
}

function shrink(canvas, factor) {
  const small = createCanvas(Math.max(1, Math.round(canvas.width * factor)), Math.max(1, Math.round(canvas.height * factor)));
  small.getContext("2d").drawImage(canvas, 0, 0, small.width, small.height);
  return small;
}

// The part of the box that a person sees before the background.
function visiblePart(pixels, box, colour) {
  const [left, top, right, bottom] = box, seen = colour && visibleBox(cropImage(pixels, left, top, right - left, bottom - top), colour);
  return seen ? [left + seen[0], top + seen[1], left + seen[2], top + seen[3]] : box;
}

// Beneath what is on the canvas. It falls from the outline, too.
function drawShadow(context, box, { size: [width, height], top, scale }, outlineShare, shadow) {
  const { canvas } = context, margin = round(outlineShare * Math.max(width, height));
  const [first, stop] = [box[1], box[3]].map((y) => Math.max(0, Math.min(height, round(y * scale + top))));
  const upper = Math.max(0, first - margin), lower = Math.min(height, stop + margin);
  const layer = renderShadow(readPixels(canvas), lower - upper, shadow);
  if (!layer) return;
  const beneath = createCanvas(canvas.width, canvas.height);
  beneath.getContext("2d").putImageData(layer, 0, 0);
  context.globalCompositeOperation = "destination-over";
  context.drawImage(beneath, 0, 0);
  context.globalCompositeOperation = "source-over";
}

const readPixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
