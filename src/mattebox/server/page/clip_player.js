// The player of a clip: its picture, and the time line below, by pointer and keys.
import { formatTime } from "./clip_time.js";
import { clipText } from "./clip_text.js";
import { byId } from "./dom.js";

const FRAME_SECONDS = 1 / 25; // until it is known how long the clip's frames last
const PAGE_SECONDS = 1;
const SAME_FRAME_MS = 250, MAX_FRAME_SECONDS = 0.25; // after which no other frame comes, and how long one lasts at most
const WAIT_MS = 20, MAX_WAIT_MS = 1000; // for a frame that was sought
let clip = null, listeners = {}, frameSeconds = FRAME_SECONDS, lastFrame = null, formerFrame = null;
const video = () => byId("clip-video");

// `handlers` has onTime(), when another frame is on show, and onUnplayable(url), when what is to be shown cannot be.
export function initPlayer(handlers) {
  listeners = handlers;
  byId("clip-play").addEventListener("click", togglePlaying);
  byId("clip-time").addEventListener("input", () => seek(Number(byId("clip-time").value)));
  for (const id of ["clip-time", "clip-stage"]) byId(id).addEventListener("keydown", onKeyDown);
  for (const type of ["play", "pause", "ended", "seeked", "timeupdate", "loadeddata"]) video().addEventListener(type, drawTime);
  for (const type of ["play", "pause"]) video().addEventListener(type, drawButton);
  video().addEventListener("error", tellUnplayable);
  video().addEventListener("loadeddata", () => { if (!video().videoWidth) tellUnplayable(); }); // its sound alone can be played
  video().addEventListener("seeking", () => { [formerFrame, lastFrame] = [lastFrame ?? formerFrame, null]; });
  video().addEventListener("seeked", () => setTimeout(keepFrame, SAME_FRAME_MS));
  followFrames();
}

function tellUnplayable() {
  const url = video().getAttribute("src");
  if (url) listeners.onUnplayable(url);
}

// Shows a file of a clip, at the time where the player is if it is of the same clip; nothing with `url` null.
export function play(newClip, url, { starts = false } = {}) {
  const element = video(), isSame = newClip === clip, time = isSame && !starts ? element.currentTime : 0, goesOn = starts || (isSame && !element.paused);
  clip = newClip;
  if (!isSame) frameSeconds = FRAME_SECONDS;
  if ((element.getAttribute("src") ?? "") !== (url ?? "")) {
    lastFrame = formerFrame = null;
    if (url) element.src = url;
    else element.removeAttribute("src"), element.load();
    if (url) element.currentTime = time;
  }
  if (clip?.width) byId("clip-picture").style.setProperty("--shape", String(clip.width / clip.height));
  byId("clip-line").hidden = !url;
  byId("clip-time").max = String(clip?.duration ?? 1);
  if (goesOn && url) element.play().catch(() => {}); // of a format that cannot be shown, see onUnplayable
  drawTime();
  drawButton();
}

export const pause = () => video().pause();

export function togglePlaying() {
  if (video().paused) video().play().catch(() => {});
  else pause();
}

// The time of the frame on show, in seconds; while it is not known, that of the player.
export const frameTime = () => lastFrame ?? video().currentTime;

// A place within the frame that was on show brings no other one.
function keepFrame() {
  const seconds = formerFrame === null ? -1 : video().currentTime - formerFrame;
  if (lastFrame !== null || video().seeking || seconds < 0 || seconds > MAX_FRAME_SECONDS) return;
  lastFrame = formerFrame;
  drawTime();
}

// Resolves when the frame that was sought is on show.
export async function frameShown() {
  for (let waited = 0; (video().seeking || lastFrame === null) && video().requestVideoFrameCallback && waited < MAX_WAIT_MS; waited += WAIT_MS) await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
}

export function seek(seconds) {
  video().currentTime = Math.min(clip?.duration ?? 0, Math.max(0, seconds));
  drawTime();
}

// Into the middle of the neighbouring frame, so that rounding does not matter, where it is known how long frames last.
function stepFrame(offset) {
  pause();
  const isKnown = frameSeconds !== FRAME_SECONDS && !video().seeking;
  seek((isKnown ? frameTime() + frameSeconds / 2 : video().currentTime) + offset * frameSeconds);
}

function onKeyDown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !clip?.duration || event.target.closest("button")) return;
  const actions = {
    ArrowLeft: () => stepFrame(-1), ArrowDown: () => stepFrame(-1), ArrowRight: () => stepFrame(1), ArrowUp: () => stepFrame(1), Home: () => seek(0), End: () => seek(clip.duration),
    PageDown: () => seek(video().currentTime - PAGE_SECONDS), PageUp: () => seek(video().currentTime + PAGE_SECONDS), " ": togglePlaying,
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
}

// Learns from frames that follow each other how long one lasts.
function followFrames() {
  const element = video();
  if (!element.requestVideoFrameCallback) return;
  let previous = null;
  const onFrame = (_, { mediaTime, presentedFrames }) => {
    const seconds = previous && !element.paused && presentedFrames === previous.presentedFrames + 1 ? mediaTime - previous.mediaTime : 0;
    if (seconds > 0.004 && seconds < 1) frameSeconds = Math.min(seconds, frameSeconds === FRAME_SECONDS ? seconds : frameSeconds);
    previous = { mediaTime, presentedFrames };
    lastFrame = mediaTime;
    drawTime();
    element.requestVideoFrameCallback(onFrame);
  };
  element.requestVideoFrameCallback(onFrame);
}

function drawTime() {
  if (!clip?.duration) return;
  const now = video().currentTime, [shown, all] = [now, clip.duration].map(formatTime), range = byId("clip-time");
  range.value = String(now);
  range.style.setProperty("--to", `${(100 * now) / clip.duration}%`);
  range.setAttribute("aria-valuetext", clipText().timeOf(shown, all));
  byId("clip-clock").textContent = `${shown} / ${all}`;
  listeners.onTime();
}

function drawButton() {
  const button = byId("clip-play"), isPaused = video().paused;
  button.querySelector("use").setAttribute("href", isPaused ? "#i-play" : "#i-pause");
  button.title = isPaused ? clipText().play : clipText().pause;
  button.setAttribute("aria-label", button.title);
}
