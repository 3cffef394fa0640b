// Compositions on show: at once, of a smaller subject where it is large; a worker then composes it as large as it is shown. What was composed
// lately is kept, for undo and redo.
import { composeLayers, MAX_CANVAS_PIXELS } from "./composition.js";
import { createCanvas } from "./decoded_images.js";
import { askWorker } from "./worker_request.js";

const DIRECT_PIXELS = 400_000; // which are composed at once
const DRAFT_PIXELS = 120_000, PAUSE_MS = 150; // after the last change
const MAX_KEPT = 4;
const numbers = new WeakMap(), drafts = new WeakMap(); // canvas of a subject -> its number; a smaller one
let isWarm = false, kept = [], wanted = null, running = null, timer = 0, worker = null, known = null, count = 0;

// What `composeLayers` returns, with `isDraft` where a finer one follows, which `onReady` tells.
export function composedView(subject, size, effects, onReady) {
  const key = JSON.stringify([size, effects]), found = kept.find((entry) => entry.subject === subject && entry.key === key);
  if (found) {
    kept = [...kept.filter((entry) => entry !== found), found];
    wanted = null;
    return found.result;
  }
  if (pixelCount(subject, effects) <= DIRECT_PIXELS) return keep(subject, key, composeLayers(subject, size, effects));
  if (wanted?.subject !== subject || wanted.key !== key) {
    wanted = { subject, key, size, effects, onReady, draft: { ...composeLayers(draftOf(subject), size, effects, DRAFT_PIXELS), isDraft: true } };
    clearTimeout(timer);
    timer = setTimeout(composeWanted, PAUSE_MS);
  }
  return wanted.draft;
}

// Composes a drawn subject while nothing else is to be done: what has run before is compiled, and the first change does not wait for that.
export function warmUpComposition() {
  if (isWarm) return;
  isWarm = true;
  (self.requestIdleCallback ?? setTimeout)(() => {
    const subject = createCanvas(400, 300), context = subject.getContext("2d"), frame = { part: null, crops: true, margin: 0.1, pixels: null, aspect: null, fill: 0, position: [0.5, 0.5] };
    context.arc(200, 150, 100, 0, 2 * Math.PI);
    context.fill();
    for (const outlineShare of [0.01, 0.02, 0.03]) composeLayers(subject, [400, 300], { shadow: null, outlineShare, frame, rotate: 0, colour: null }, DRAFT_PIXELS);
  });
}

// A composition of any size, once: a promise of what `composeLayers` returns.
export async function composeOnce(subject, size, effects, maxPixels) {
  const own = startWorker();
  try {
    return await ask(own, { subject: 0, bitmap: await createImageBitmap(subject), size, effects, maxPixels });
  } finally {
    own.terminate();
  }
}

// About as many pixels as have to be computed.
function pixelCount(subject, { frame }) {
  const pixels = frame?.pixels ?? 0, [wide, tall] = Array.isArray(pixels) ? pixels : [pixels, pixels];
  return Math.max(subject.width * subject.height, Math.min(MAX_CANVAS_PIXELS, wide * tall));
}

function keep(subject, key, result) {
  kept = [...kept, { subject, key, result }].slice(-MAX_KEPT);
  wanted = null;
  return result;
}

function draftOf(subject) {
  if (!drafts.has(subject)) {
    const scale = Math.min(1, Math.sqrt(DRAFT_PIXELS / (subject.width * subject.height))), [width, height] = [subject.width, subject.height].map((length) => Math.max(1, Math.round(length * scale)));
    const small = createCanvas(width, height), context = small.getContext("2d");
    context.imageSmoothingQuality = "medium";
    context.drawImage(subject, 0, 0, width, height);
    drafts.set(subject, small);
  }
  return drafts.get(subject);
}

// The newest wish; those that came before it are dropped.
async function composeWanted() {
  if (running || !wanted) return;
  const wish = (running = wanted), { subject, key, size, effects, draft } = wish;
  let result = { ...draft, isDraft: false }; // where the worker fails, it is not tried again
  try {
    worker ??= startWorker();
    if (!numbers.has(subject)) numbers.set(subject, (count += 1));
    const number = numbers.get(subject), bitmap = known === number ? null : await createImageBitmap(subject);
    known = number;
    result = await ask(worker, { subject: number, bitmap, size, effects, maxPixels: MAX_CANVAS_PIXELS });
  } catch (error) {
    console.error(error);
    worker?.terminate();
    worker = known = null;
  }
  running = null;
  if (wanted && wanted !== wish) return composeWanted();
  if (wanted) keep(subject, key, result), wish.onReady();
  return undefined;
}

const startWorker = () => new Worker(new URL("composition_worker.js", import.meta.url), { type: "module" });
const ask = (target, message) => askWorker(target, message, message.bitmap ? [message.bitmap] : []);
