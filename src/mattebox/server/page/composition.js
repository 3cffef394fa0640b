// Composes a subject with rotation, frame, outline and shadow, as the server does. The background lies behind the canvas.
import { createCanvas } from "./decoded_images.js";
import { addOutline, MAX_WIDTH_CELLS } from "./outline.js";
import { boundingBox, cropImage, isOwnScale, measureExtent, placeSubject } from "./placement.js";
import { round } from "./planes.js";
import { cropAndResize } from "./resampling.js";
import { rotatedSize, rotatePixels } from "./rotation.js";
import { GROUND_KINDS, renderShadow } from "./shadow.js";
import { visibleBox } from "./visible_box.js";

const MIN_CUT_OFF_HEIGHT_SHARE = 0.995; // of a photograph's height: a subject that reaches farther down is cut off
const HALF_OPAQUE = 127;
const DRAFT_WIDTH_CELLS = 4; // of an outline that is shown for a moment
const AREA_SLACK = 1.1; // by which a composition may have more pixels than wanted, before it is composed of a smaller subject
export const MAX_CANVAS_PIXELS = 2_500_000; // of a composition on show
const measured = new WeakMap(); // canvas of a subject -> what is known of it

// `subject` is a canvas, `size` [width, height] of the photograph; the effects are those of effects.js. Returns
//   canvas         of at most about `maxPixels`
//   size           the composition's, in pixels of the photograph, or as the settings say
//   placement      where the photograph lies on it as { left, top, width, height } in shares of it; null where it was rotated
//   photograph     the same as { left, top, scale }, in pixels of the canvas for each of the photograph; not rotated
//   subjectBox     the subject's, as [left, top, right, bottom] in shares of the canvas
//   contactShare   of its height, on which the subject stands
// A composition that is not reduced has the server's pixels, within 1/255.
export function composeLayers(subject, size, { shadow: wantedShadow, outlineShare, frame, rotate, colour }, maxPixels = MAX_CANVAS_PIXELS) {
  const upright = measure(subject), isCutOff = upright.box[3] >= MIN_CUT_OFF_HEIGHT_SHARE * subject.height, source = rotate ? turn(upright, size, rotate) : { ...upright, size, offset: [0, 0] };
  const box = frame || wantedShadow ? visiblePart(source, colour) : source.box, shadow = wantedShadow && !(isCutOff && GROUND_KINDS.includes(wantedShadow.kind)) ? wantedShadow : null;
  const cutOff = rotate ? [false, false, false, false] : [box[0] <= 0, box[1] <= 0, box[2] >= subject.width, isCutOff];
  const detail = [source.canvas.width / source.size[0], source.canvas.height / source.size[1]], ownBox = box.map((v, side) => round(v / detail[side % 2]));
  const placed = frame ? placeSubject(source.size, ownBox, frame, measureExtent(source.pixels, box, shadow, outlineShare, cutOff)) : { size: source.size, scale: 1, left: 0, top: 0 };
  const reduction = chooseReduction(placed, detail[0], maxPixels), [wide, tall] = placed.size.map((length) => Math.max(1, round(length * reduction)));
  const [left, top, scale] = [placed.left, placed.top, placed.scale].map((v) => v * reduction), canvas = createCanvas(wide, tall), context = canvas.getContext("2d");
  drawPlaced(context, source, { left, top, scale: scale / detail[0] }, reduction === 1);
  const width = outlineShare * Math.max(wide, tall), [first, stop] = [ownBox[1], ownBox[3]].map((y) => clamp(round(top + scale * y), tall));
  if (width) context.putImageData(addOutline(readPixels(canvas), width, maxPixels < MAX_CANVAS_PIXELS ? DRAFT_WIDTH_CELLS : MAX_WIDTH_CELLS), 0, 0);
  if (shadow) drawShadow(context, Math.min(tall, stop + round(width)) - Math.max(0, first - round(width)), shadow);
  return {
    canvas, size: placed.size, photograph: { left: left + scale * source.offset[0], top: top + scale * source.offset[1], scale },
    placement: rotate ? null : { left: left / wide, top: top / tall, width: (size[0] * scale) / wide, height: (size[1] * scale) / tall },
    subjectBox: ownBox.map((v, side) => ((side % 2 ? top : left) + scale * v) / (side % 2 ? tall : wide)), contactShare: Math.min(1, (stop + round(width)) / tall),
  };
}

const clamp = (v, length) => Math.min(length, Math.max(0, v));

// { canvas, pixels, box }: what is at least half opaque, all of it where nothing is; and `drawn`, what is not transparent.
function measure(canvas) {
  if (!measured.has(canvas)) {
    const pixels = readPixels(canvas), whole = [0, 0, canvas.width, canvas.height];
    measured.set(canvas, { canvas, pixels, box: boundingBox(pixels, HALF_OPAQUE) ?? whole, drawn: boundingBox(pixels, 0) ?? whole, visible: new Map() });
  }
  return measured.get(canvas);
}

// The rotated subject, with the rotated photograph's `size`, and how far its middle has moved right and down.
function turn(subject, size, degrees) {
  if (subject.turned?.degrees === degrees) return subject.turned;
  const { width, height } = subject.canvas, isWhole = width === size[0], canvas = createCanvas(...rotatedSize([width, height], degrees)), context = canvas.getContext("2d");
  if (isWhole || degrees % 90 === 0) context.putImageData(rotatePixels(subject.pixels, degrees, subject.drawn), 0, 0);
  else {
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate((degrees * Math.PI) / 180);
    context.drawImage(subject.canvas, -width / 2, -height / 2);
  }
  const turnedSize = rotatedSize(size, degrees), offset = turnedSize.map((length, axis) => Math.floor((length - size[axis]) / 2));
  subject.turned = { ...measure(canvas), size: turnedSize, offset, degrees };
  return subject.turned;
}

// The part of the box that a person sees before the background.
function visiblePart(source, colour) {
  if (!colour) return source.box;
  const [left, top, right, bottom] = source.box, key = colour.join(" "), known = source.visible;
  if (!known.has(key)) known.set(key, visibleBox(cropImage(source.pixels, left, top, right - left, bottom - top), colour));
  const seen = known.get(key);
  return seen ? [left + seen[0], top + seen[1], left + seen[2], top + seen[3]] : source.box;
}

// By how much a composition is reduced: not below the subject's own pixels, `detail` of the photograph's, nor above what is wanted.
function chooseReduction({ size: [wide, tall], scale }, detail, maxPixels) {
  const own = Math.min(1, detail / Math.min(1, scale)), area = wide * tall;
  return own * own * area > AREA_SLACK * maxPixels ? Math.sqrt(maxPixels / area) : own;
}

// `placement` in pixels of the canvas for each of the subject. Exactly, it is resampled as on the server; else as the browser does.
function drawPlaced(context, { canvas, pixels, drawn }, { left, top, scale }, isExact) {
  if (isOwnScale(scale)) return context.drawImage(canvas, round(left), round(top));
  if (!isExact) return context.drawImage(canvas, left, top, canvas.width * scale, canvas.height * scale);
  const across = clipToCanvas(left, left + scale * canvas.width, context.canvas.width), down = clipToCanvas(top, top + scale * canvas.height, context.canvas.height);
  const box = [across[0], down[0], across[1], down[1]].map((v, side) => Math.min(Math.max((v - (side % 2 ? top : left)) / scale, 0), side % 2 ? canvas.height : canvas.width));
  return context.putImageData(cropAndResize(pixels, box, [across[1] - across[0], down[1] - down[0]], drawn), across[0], down[0]);
}

// An interval of the canvas in whole pixels, at least one.
function clipToCanvas(start, stop, length) {
  const first = Math.min(Math.max(0, round(start)), length - 1);
  return [first, Math.max(first + 1, Math.min(length, round(stop)))];
}

// Beneath what is on the canvas: the shadow of a subject of that height. It falls from the outline, too.
function drawShadow(context, subjectHeight, shadow) {
  const { canvas } = context, layer = renderShadow(readPixels(canvas), subjectHeight, shadow);
  if (!layer) return;
  const beneath = createCanvas(canvas.width, canvas.height);
  beneath.getContext("2d").putImageData(layer, 0, 0);
  context.globalCompositeOperation = "destination-over";
  context.drawImage(beneath, 0, 0);
  context.globalCompositeOperation = "source-over";
}

const readPixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
