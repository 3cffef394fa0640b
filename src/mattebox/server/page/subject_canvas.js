// A photograph's subject as a canvas: a cutout, with the marks that it does not show yet. Brushed strokes are exact, with
// the same arithmetic as the server's; parts are guessed until its answer is there.
import { createCanvas, decodedImage } from "./decoded_images.js";
import { growRegion } from "./region_growing.js";

const REGION_SIDE_CELLS = 240; // of the grid on which a part is guessed
let photograph = { key: null }, finished = { key: null, marks: [] }; // { key, canvas } of the last picture drawn

// Draws the subject. `cutoutUrl` is null where there is no cutout: marks then bring it out of nothing, on a canvas of that
// `size`, which is else the cutout's. Returns a canvas, which belongs to this module and is another where it shows something else, or null
// until all pictures are decoded, which `onReady` tells.
export function drawSubject(photographUrl, cutoutUrl, size, marks, onReady) {
  const cutout = cutoutUrl && decodedImage(cutoutUrl, onReady), source = decodedImage(photographUrl, onReady);
  if ((cutoutUrl && !cutout) || !source) return null;
  const [width, height] = size ?? [cutout.naturalWidth, cutout.naturalHeight];
  const key = [photographUrl, cutoutUrl, width, height].join(" ");
  if (photograph.key !== key) photograph = { key, canvas: scaleTo(source, width, height) };
  const last = finished.key === key && startsWith(marks, finished.marks) ? finished : null;
  if (last?.marks.length === marks.length) return last.canvas;
  const canvas = createCanvas(width, height), context = canvas.getContext("2d");
  if (last) context.drawImage(last.canvas, 0, 0);
  else if (cutout) context.drawImage(cutout, 0, 0);
  applyMarks(canvas, photograph.canvas, marks.slice(last ? last.marks.length : 0));
  finished = { key, canvas, marks: [...marks] };
  return canvas;
}

// The colours of the photograph at the size of the subject's canvas that was drawn last.
export const photographCanvas = () => photograph.canvas;

const startsWith = (marks, beginning) => beginning.length <= marks.length && beginning.every((mark, i) => mark === marks[i]);

function scaleTo(image, width, height) {
  const canvas = createCanvas(width, height);
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  return canvas;
}

// Applies marks to a subject's canvas, with the colours of a canvas of its size that holds the photograph.
export function applyMarks(canvas, source, marks) {
  for (const mark of marks) applyMark(canvas, source, mark);
}

function applyMark(canvas, source, mark) {
  if (mark.mode === "heal") return; // only the server does
  const context = canvas.getContext("2d");
  if (mark.size) return strokeMark(context, mark, canvas, mark.mode === "keep" ? context.createPattern(source, "no-repeat") : "black");
  const region = guessRegion(canvas, source, mark);
  if (mark.mode === "drop") return drawThrough(context, region, "destination-out");
  const part = createCanvas(canvas.width, canvas.height), partContext = part.getContext("2d");
  partContext.drawImage(region, 0, 0, canvas.width, canvas.height);
  partContext.globalCompositeOperation = "source-in";
  partContext.drawImage(source, 0, 0);
  context.drawImage(part, 0, 0);
}

function drawThrough(context, picture, operation) {
  context.globalCompositeOperation = operation;
  context.drawImage(picture, 0, 0, context.canvas.width, context.canvas.height);
  context.globalCompositeOperation = "source-over";
}

function strokeMark(context, mark, size, style) {
  context.globalCompositeOperation = mark.mode === "drop" ? "destination-out" : "source-over";
  strokePath(context, mark, [size.width, size.height], style);
  context.globalCompositeOperation = "source-over";
}

// Draws a brushed stroke as one line with round ends.
export function strokePath(context, { size, points }, [width, height], style) {
  Object.assign(context, { lineCap: "round", lineJoin: "round", strokeStyle: style, lineWidth: size * Math.max(width, height) });
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo((x * width) / 100, (y * height) / 100) : context.moveTo((x * width) / 100, (y * height) / 100)));
  if (points.length === 1) context.lineTo((points[0][0] * width) / 100 + 0.01, (points[0][1] * height) / 100);
  context.stroke();
}

// A small canvas, opaque where the part that is marked seems to be.
function guessRegion(canvas, source, { mode, points }) {
  const scale = Math.min(1, REGION_SIDE_CELLS / Math.max(canvas.width, canvas.height));
  const width = Math.max(1, Math.round(canvas.width * scale)), height = Math.max(1, Math.round(canvas.height * scale));
  const [colours, subject] = [source, canvas].map((picture) => scaleTo(picture, width, height).getContext("2d").getImageData(0, 0, width, height).data);
  const cells = points.map(([x, y]) => [Math.min(width - 1, Math.floor((x * width) / 100)), Math.min(height - 1, Math.floor((y * height) / 100))]);
  const region = new ImageData(width, height), isInside = growRegion(colours, subject, width, height, cells, mode === "keep");
  for (let i = 0; i < width * height; i += 1) region.data[4 * i + 3] = isInside[i] ? 255 : 0;
  const small = createCanvas(width, height);
  small.getContext("2d").putImageData(region, 0, 0);
  return small;
}
