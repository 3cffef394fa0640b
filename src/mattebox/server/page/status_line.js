// What the page says of the selected photograph: its status, a failure, doubts, progress; nothing of the previous one stays.
import { shownClip } from "./clip_files.js";
import { canChooseDevice } from "./device_mode.js";
import { byId } from "./dom.js";
import { estimateFileSize } from "./file_size.js";
import { items, selectedItem } from "./items.js";
import { canComposeHere, isLossy } from "./request.js";
import { isDoubtful } from "./results.js";
import { sceneNote } from "./scene_note.js";
import { hasFailed, isBusy, itemState, resultOf } from "./scheduler.js";
import * as scribbles from "./scribbles.js";
import { settingsOf } from "./settings.js";
import { text } from "./strings.js";
import * as thumbnails from "./thumbnails.js";
import { renderMarketplaceCheck } from "./verdict.js";

export function setStatus(message) {
  const line = shownClip() ? byId("clip-status") : byId("status");
  if (line.textContent !== message) line.textContent = message; // said once
  if (!items.length && !shownClip() && message) document.querySelector("#empty .small").textContent = message;
}

// `result` is the selected photograph's, null for none; a `note` of the tool that is open takes the place of what is said of it.
export function renderStatus(result, note = null) {
  const item = selectedItem(), isFailure = hasFailed(item), failure = isFailure ? failureWords(item.failure) : null;
  byId("failure").hidden = !isFailure || scribbles.isActive();
  byId("frame").classList.toggle("failing", isFailure && Boolean(item.needsPreview && !item.hasPreview));
  byId("paint-subject").hidden = item.failure?.code !== "no_subject";
  byId("reset-all").hidden = item.failure?.code !== "needs_server";
  byId("failure").querySelector("strong").textContent = failure?.[0] ?? "";
  byId("failure").querySelector("p").textContent = failure?.[1] ?? "";
  if (failure) setStatus(failure[0]);
  else setStatus(note ?? (result ? text.done(result, formatSeconds(result.seconds)) + (item.shrinkCount ? ` ${text.madeSmaller}` : "") : item.firstCutout && !item.lastCutout ? text.firstCutout : ""));
  const scene = isFailure ? null : sceneNote(result?.scene);
  byId("scene-note").hidden = !scene;
  byId("scene-note").textContent = scene ?? "";
  renderFileSize(item, isFailure);
  renderDoubt(isFailure ? null : result);
  renderMarketplaceCheck(result, byId("verdict"));
}

// Of the file that there is, or about that of the one that there will be.
function renderFileSize(item, isFailure) {
  const size = resultOf(item, "final")?.blob.size, shown = isFailure ? null : resultOf(item, "shown"), settings = settingsOf(item);
  const about = !size && shown && isLossy(settings) ? estimateFileSize(item, shown, canComposeHere(settings, item), () => item === selectedItem() && renderFileSize(item, isFailure)) : null;
  byId("weight").textContent = size ? formatBytes(size) : about ? `≈ ${formatBytes(about)}` : "";
}

const failureWords = ({ code, problem, remedy }) => text.problems[code] ?? text.deviceProblems[code] ?? [problem, remedy];
const formatSeconds = (seconds) => seconds.toLocaleString(text.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function formatBytes(count) {
  const [value, unit] = count < 1e6 ? [Math.max(1, Math.round(count / 1e3)), "kB"] : [Math.round(count / 1e5) / 10, "MB"];
  return `${value.toLocaleString(text.language)} ${unit}`;
}

function renderDoubt(result) {
  byId("doubt").hidden = !isDoubtful(result) || scribbles.isActive();
  byId("doubt").querySelector("span").textContent = byId("doubt").hidden ? "" : result.isFound ? text.doubtful : text.guess;
}

export function renderProgress() {
  const selected = selectedItem();
  for (const item of items) thumbnails.setState(item, itemState(item), resultOf(item, "shown"));
  thumbnails.updateProgress(items);
  const showsBusy = Boolean(selected) && (selected.isBusy || (selected.state === "waiting" && isBusy()));
  byId("busy").hidden = !showsBusy;
  byId("busy").lastElementChild.textContent = showsBusy ? progressText(selected) : "";
  byId("frame").setAttribute("aria-busy", String(showsBusy));
}

// What happens to a photograph, with a percentage where it is known.
function progressText(item) {
  const { phase, fraction } = item.progress ?? {};
  if (fraction > 0 && fraction < 1) return text[phase](Math.round(100 * fraction));
  if (item.needsPreview && !item.hasPreview) return text.reading;
  return item.results.size ? text.updating : text.working(0);
}

export function showRetryCountdown(secondsLeft, reason) {
  const isAnnounced = secondsLeft !== null && !byId("now").hidden;
  byId("status").setAttribute("aria-live", isAnnounced ? "off" : "polite"); // screen readers announce it once, not each second
  byId("now").hidden = secondsLeft === null;
  byId("go-device").hidden = byId("now").hidden || reason !== "away" || !canChooseDevice();
  if (secondsLeft !== null) setStatus(text[reason](secondsLeft));
}
