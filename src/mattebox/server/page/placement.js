// Where a subject goes on its canvas when the page crops or widens it, as in the server's composition/placement.py and
// drawn_extent.py. Boxes are [left, top, right, bottom], sizes [width, height], in pixels of the photograph.
import { averageAlpha, round } from "./planes.js";
import { MAX_WIDTH_CELLS } from "./outline.js";
import { DEFAULT_LENGTH_SHARE, renderShadow } from "./shadow.js";

const COPY_SIDE_PIXELS = 400, OWN_SCALE_TOLERANCE = 1e-9, MAX_CONTACT_BLUR_SIGMAS = 9, MIN_DRAWN_SHARE = 0.02, MAX_ITERATIONS = 40, OUTLINE_EDGE_PIXELS = 1, SCALE_TOLERANCE = 1e-3;

// `frame` is { part, crops, margin, pixels, aspect, fill, position }: the part of the photograph in shares or null, the margin as a share of the canvas, the canvas's [width, height], its
// longer side or null, the aspect as width / height or null, the share of the canvas that the subject fills (0 for its own size), and the shares of the room left of and above it.
// `extent` is from `measureExtent`. Returns { size, left, top, scale }: the photograph's corner on the canvas, and its scale.
export function placeSubject(source, box, frame, extent) {
  const place = (width) => placeBoxes(source, box, frame, { outlined: expandBox(box, width, { ...extent, reach: [0, 0, 0, 0] }), drawn: expandBox(box, width, extent) });
  let placement = place(0);
  if (!extent.sides.some(Boolean)) return placement;
  for (let i = 0; i < MAX_ITERATIONS; i += 1) {
    const width = extent.outlineShare * Math.max(...placement.size), previous = placement;
    placement = place((width + OUTLINE_EDGE_PIXELS + width / MAX_WIDTH_CELLS) / placement.scale);
    if (Math.abs(placement.scale / previous.scale - 1) <= SCALE_TOLERANCE && placement.size.every((length, axis) => Math.abs(length - previous.size[axis]) <= SCALE_TOLERANCE)) break;
  }
  return placement;
}

// How far outline and shadow reach beyond a subject: { reach, sides, outlineShare }. They end with it at the rim of the
// photograph (`cutOff`, for each side).
export function measureExtent(subject, box, shadow, outlineShare, cutOff) {
  const reach = shadow ? shadowReach(subject, box, shadow) : [0, 0, 0, 0];
  return { reach: reach.map((v, side) => (cutOff[side] ? 0 : v)), sides: cutOff.map((isCut) => (outlineShare && !isCut ? 1 : 0)), outlineShare };
}

function expandBox(box, width, { reach, sides }) {
  const height = box[3] - box[1] + 2 * width, by = reach.map((share, side) => sides[side] * width + share * height);
  return [Math.floor(box[0] - by[0]), Math.floor(box[1] - by[1]), Math.ceil(box[2] + by[2]), Math.ceil(box[3] + by[3])];
}

function placeBoxes(source, box, frame, { outlined, drawn: drawnBox }) {
  const { part, crops, margin, pixels, fill, position } = frame, whole = part ? part.map((share, side) => round(share * source[side % 2])) : [0, 0, ...source];
  const bySubject = crops || fill > 0, shown = bySubject ? box : whole, drawn = bySubject ? drawnBox : shown;
  const fitted = bySubject && fill ? outlined : drawn, length = (area, axis) => area[axis + 2] - area[axis];
  const content = bySubject && !crops ? [0, 1].map((axis) => length(whole, axis)) : [0, 1].map((axis) => length(fitted, axis) / (1 - 2 * margin));
  const size = canvasSize(content, frame), before = size.map((v) => round(margin * v)), inner = size.map((v, axis) => v - 2 * before[axis]);
  const fitting = Math.min(...inner.map((v, axis) => v / length(fitted, axis)));
  const scale = fill ? Math.min(fitting, ...size.map((v, axis) => (fill * v) / length(box, axis))) : pixels ? fitting : 1;
  const [left, top] = [0, 1].map((axis) => {
    const room = inner[axis] / scale, shift = (room - length(shown, axis)) * position[axis] - shown[axis], lowest = -drawn[axis], highest = room - drawn[axis + 2];
    return before[axis] + (lowest <= highest ? Math.min(Math.max(shift, lowest), highest) : shift) * scale;
  });
  return isOwnScale(scale) ? { size, scale: 1, left: round(left), top: round(top) } : { size, scale, left, top };
}

// Whether pixels are only shifted, by whole ones.
export const isOwnScale = (scale) => Math.abs(scale - 1) <= OWN_SCALE_TOLERANCE;

function canvasSize(content, { pixels, aspect }) {
  if (Array.isArray(pixels)) return pixels;
  const widened = aspect ? [Math.max(content[0], content[1] * aspect), Math.max(content[1], content[0] / aspect)] : content;
  return widened.map((v) => Math.max(1, round(pixels ? (v * pixels) / Math.max(...widened) : v)));
}

// How far the shadow of a subject reaches beyond its box, as shares of its height; measured on a small copy.
function shadowReach(subject, [left, top, right, bottom], shadow) {
  const part = cropImage(subject, left, top, right - left, bottom - top), cell = Math.max(1, Math.ceil(Math.max(part.width, part.height) / COPY_SIDE_PIXELS));
  const small = averageAlpha(part, cell), margin = Math.ceil((DEFAULT_LENGTH_SHARE[shadow.kind] + MAX_CONTACT_BLUR_SIGMAS * shadow.softness + 0.1) * small.height) + 2;
  const copy = new ImageData(small.width + 2 * margin, small.height + 2 * margin);
  for (let y = 0; y < small.height; y += 1) for (let x = 0; x < small.width; x += 1) copy.data[4 * ((y + margin) * copy.width + x + margin) + 3] = round(255 * small.data[y * small.width + x]);
  const layer = renderShadow(copy, small.height, shadow), drawn = layer && boundingBox(layer, MIN_DRAWN_SHARE * 255);
  if (!drawn) return [0, 0, 0, 0];
  const reach = [margin - drawn[0], margin - drawn[1], drawn[2] - margin - small.width, drawn[3] - margin - small.height];
  return reach.map((v) => Math.max(0, v) / small.height);
}

// The box of what is more opaque than `minAlpha`; null where nothing is.
export function boundingBox({ data, width, height }, minAlpha) {
  const box = [width, height, 0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (data[4 * (y * width + x) + 3] <= minAlpha) continue;
      if (x < box[0]) box[0] = x;
      if (x >= box[2]) box[2] = x + 1;
      if (y < box[1]) box[1] = y;
      box[3] = y + 1;
    }
  }
  return box[3] ? box : null;
}

export function cropImage(image, left, top, width, height) {
  const part = new ImageData(Math.max(1, width), Math.max(1, height));
  for (let y = 0; y < height; y += 1) {
    const start = 4 * ((top + y) * image.width + left);
    part.data.set(image.data.subarray(start, start + 4 * width), 4 * y * part.width);
  }
  return part;
}
