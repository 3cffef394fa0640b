// What settings a movement of the subject means: its size and place on the canvas, and its rotation.
const MIN_FILL = 1, FULL = 100, PLACE_STEP = 0.25, FILL_STEP = 0.5, ANGLE_STEP = 0.5, SNAP_DEGREES = 2, LARGE_ANGLE_STEP = 15;
const SNAPS = { none: snapToStep, upright: snapToUpright, large: snapToLargeStep };

// The settings after a change of what is shown. `shown` is { box, margin, rotate }: the subject's box [left, top, right, bottom] and the
// margin of each side in shares of the canvas, and degrees; the change is { by: [x, y] in shares, ratio, degrees, snap }, where angles
// snap to "none" but whole steps, to "upright" ones near by, or to "large" steps.
// Returns { fill, across, down } or { rotate } or all of them, as numbers.
export function transformSubject(shown, { by = null, ratio = null, degrees = null, snap = "none" }) {
  const turned = degrees !== null ? { rotate: SNAPS[snap](toHalfTurn(shown.rotate + degrees)) } : {};
  return by || ratio !== null ? { ...placeSubject(shown, by ?? [0, 0], ratio ?? 1), ...turned } : turned;
}

// The subject keeps its middle when its size changes.
function placeSubject({ box, margin }, by, ratio) {
  const lengths = [box[2] - box[0], box[3] - box[1]], own = FULL * Math.max(...lengths), fill = roundTo(Math.min(FULL, Math.max(MIN_FILL, own * ratio)), FILL_STEP), scale = ratio === 1 ? 1 : fill / own;
  const [across, down] = [0, 1].map((axis) => {
    const length = lengths[axis] * scale, room = 1 - 2 * margin - length, start = (box[axis] + box[axis + 2]) / 2 + by[axis] - length / 2 - margin;
    return room > 0 ? roundTo(Math.min(FULL, Math.max(0, (FULL * start) / room)), PLACE_STEP) : FULL / 2;
  });
  return { fill, across, down };
}

// Whether there is room to move it along an axis.
export const hasRoom = ({ box, margin }, axis) => 1 - 2 * margin - (box[axis + 2] - box[axis]) > 0.005;

// From -180 to 180.
const toHalfTurn = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;

function snapToStep(angle) {
  return roundTo(angle, ANGLE_STEP);
}

function snapToLargeStep(angle) {
  return roundTo(angle, LARGE_ANGLE_STEP);
}

function snapToUpright(angle) {
  const upright = 90 * Math.round(angle / 90);
  return Math.abs(angle - upright) < SNAP_DEGREES ? upright : snapToStep(angle);
}

const roundTo = (v, step) => Math.round(v / step) * step;
