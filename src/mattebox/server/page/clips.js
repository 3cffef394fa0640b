// Entry of what clips need, which is loaded with the first one: their view and panel take the place of the photograph's.
import { clips, listenToShownClip, shownClip } from "./clip_files.js";
import { addClip, describeClip, isResultCurrent, updateTile } from "./clip_list.js";
import { initKeyTool, isMarking, renderKeyTool, renderMarks } from "./clip_key_tool.js";
import { fillInClipTexts, insertClipView } from "./clip_markup.js";
import { initPanel, renderPanel } from "./clip_panel.js";
import { initPlayer, play } from "./clip_player.js";
import { clipText } from "./clip_text.js";
import { storeClip, storeClipFile } from "./clip_store.js";
import { cutClip, secondsLeft, setResult } from "./clip_work.js";
import { byId } from "./dom.js";
import { selectedItem } from "./items.js";
import { updateLayout } from "./photograph_list.js";
import { isAllStored, storeSession } from "./session_store.js";
import { setStatus } from "./status_line.js";
import { text } from "./strings.js";

const CLEAR_PERCENT = 60; // confidence under which a person should look, as in results.js
let ready = null, showsResult = false, last = { clip: null, result: null, language: null };

// Takes clips in, and shows the first one where no photograph came with them.
export async function openClips(files, isAlone) {
  await (ready ??= prepare());
  const added = files.map((file) => addClip(file));
  updateLayout();
  if (isAlone || !selectedItem()) added[0].show();
  storeSession();
  for (const clip of added) storeClipFile(clip), storeClip(clip);
  for (const clip of added) await describeClip(clip);
}

// Puts clips of an earlier visit back, and goes on with jobs that it began; see `readSession`.
export async function restoreClips(entries) {
  await (ready ??= prepare());
  const restored = entries.map(({ file, known, result }) => {
    const clip = addClip(file, known);
    if (result) setResult(clip, result), (clip.storedResult = clip.result);
    if (clip.jobPath) cutClip(clip, clip.request, onClipChanged);
    updateTile(clip);
    return clip;
  });
  updateLayout();
  if (!selectedItem()) restored[0].show();
  for (const clip of restored) await describeClip(clip);
}

async function prepare() {
  await insertClipView();
  initPlayer({ onTime: renderMarks, onUnplayable: (url) => { if (shownClip()) shownClip().unplayableUrl = url, render(shownClip()); } });
  initPanel(onClipChanged);
  initKeyTool((clip) => { showsResult &&= !isMarking(); onClipChanged(clip); });
  for (const [id, value] of [["clip-original", false], ["clip-result", true]]) byId(id).addEventListener("click", () => { showsResult = value; render(shownClip()); });
  listenToShownClip(render);
  addEventListener("beforeunload", (event) => { if (clips.some((clip) => (clip.work && !clip.jobPath) || (clip.isUnsaved() && !isAllStored()))) event.preventDefault(); });
}

function onClipChanged(clip) {
  updateTile(clip);
  if (clips.includes(clip)) storeClip(clip);
  if (clip === shownClip()) render(clip);
}

// Shows a clip; the photograph again with null.
function render(clip) {
  document.body.classList.toggle("shows-clip", Boolean(clip));
  byId("clip").hidden = byId("clip-panel").hidden = !clip;
  if (text.language !== last.language) fillInClipTexts();
  last.language = text.language;
  if (!clip) {
    last.clip = null;
    return play(null, null);
  }
  const isNew = clip.result && clip.result !== last.result && clip === last.clip;
  if (clip !== last.clip || isNew) showsResult = Boolean(clip.result);
  Object.assign(last, { clip, result: clip.result });
  renderPlayer(clip, isNew);
  renderPanel(clip);
  renderKeyTool(clip, !(showsResult && clip.result));
  renderMessages(clip);
}

function renderPlayer(clip, isNew) {
  const result = showsResult ? clip.result : null, moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  play(clip, clip.isShowable || result ? (result ?? clip).url : null, { starts: Boolean(isNew) && moves });
  byId("clip-shown").hidden = !clip.result;
  for (const [id, isPressed] of [["clip-original", !result], ["clip-result", Boolean(result)]]) byId(id).setAttribute("aria-pressed", String(isPressed));
  byId("clip-picture").classList.toggle("is-result", Boolean(result));
}

// What is said of the clip: a failure, that it cannot be shown here, what is going on, or what came of it.
function renderMessages(clip) {
  const words = clipText(), isResult = showsResult && clip.result, isUnplayable = clip.unplayableUrl === (isResult || clip).url, failure = clip.failure && !clip.work ? failureWords(clip.failure) : null;
  const said = failure ?? (isResult ? (isUnplayable ? [words.resultNotShown, ""] : null) : clip.isShowable === false ? words.notShown : null);
  byId("clip-message").hidden = !said || Boolean(clip.work);
  byId("clip-message").querySelector("strong").textContent = said?.[0] ?? "";
  byId("clip-message").querySelector("p").textContent = said?.[1] ?? "";
  byId("clip-message").classList.toggle("good", Boolean(isResult && !failure));
  byId("clip-picture").hidden = Boolean(said) && !clip.work && (isUnplayable || !clip.isShowable);
  const doing = clip.work ? workWords(clip.work) : clip.isShowable === null ? words.opening : "";
  byId("clip-busy").hidden = !doing;
  byId("clip-busy").lastElementChild.textContent = doing;
  setStatus(clip.work ? (clip.work.waiting ?? phaseWords(clip.work.phase)) : failure ? failure[0] : clip.result ? resultWords(clip) : "");
}

const failureWords = ({ code, problem, remedy }) => clipText().problems[code] ?? text.problems[code] ?? [problem, remedy];

// Without numbers, so that screen readers say it once.
const phaseWords = (phase) => (phase === "queued" ? clipText().queued : phase === "sending" ? clipText().uploading : clipText().working(0, ""));

function workWords(work) {
  const { phase, fraction } = work, words = clipText(), percent = Math.round(100 * fraction), left = secondsLeft(work);
  if (phase === "working") return words.working(percent, left === null ? "" : text.seconds(left));
  return phase === "queued" ? words.queued : words.sending(percent);
}

function resultWords(clip) {
  const { frames, width, height, mean_confidence: confidence } = clip.result.made, percent = confidence === undefined ? null : Math.round(100 * confidence);
  const done = clipText().done(frames, width, height, percent);
  if (!isResultCurrent(clip)) return `${done} ${clipText().changed}`;
  return percent !== null && percent < CLEAR_PERCENT ? `${done} ${clipText().unclear}` : done;
}
