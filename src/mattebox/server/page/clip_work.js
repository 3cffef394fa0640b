// Cutting a clip out: its upload, the server's job, and the result.
import { ApiError, resumeJob, retryNow, submit } from "./api.js";
import { text } from "./strings.js";

// Begins, or goes on with the job of `clip.jobPath`, which an earlier visit began. `onChange(clip)` is called with each step; at the
// end `clip` has a `result` or a `failure`.
export async function cutClip(clip, request, onChange) {
  const controller = new AbortController();
  const work = (clip.work = { controller, phase: "sending", fraction: 0, startedAt: performance.now(), waiting: null });
  Object.assign(clip, { failure: null, request });
  const isCurrent = () => clip.work === work;
  const onProgress = (phase, fraction = 0) => { if (isCurrent()) Object.assign(work, noted(work, phase ?? "working", fraction)), onChange(clip); };
  const onWait = (seconds, reason) => { if (isCurrent()) work.waiting = seconds === null ? null : text[reason](seconds), onChange(clip); };
  const onJob = (path) => { if (isCurrent()) clip.jobPath = path, onChange(clip); };
  onChange(clip);
  try {
    const response = clip.jobPath ? await resumeJob(clip.jobPath, onProgress, controller.signal)
      : await submit(request.path, formOf(clip, request), onWait, onProgress, { signal: controller.signal, onJob });
    if (!response) throw new ApiError("", "", "job_unknown");
    const made = JSON.parse(response.headers.get("X-Made") ?? "{}"), blob = await response.blob();
    if (isCurrent()) setResult(clip, { requestId: request.id, format: request.fields.format, blob, made });
  } catch (error) {
    if (!(error instanceof ApiError)) console.error(error); // a bug: shown as a failure
    if (isCurrent() && error.code !== "cancelled") clip.failure = { code: error.code, problem: error.message, remedy: error.remedy ?? text.unexpectedAnswerRemedy };
  }
  if (!isCurrent()) return;
  Object.assign(clip, { work: null, jobPath: null });
  onChange(clip);
}

// Ends the upload, or the job on the server.
export function cancelWork(clip) {
  const { work } = clip;
  if (!work) return;
  Object.assign(clip, { work: null, jobPath: null });
  work.controller.abort();
  retryNow(); // a pause ends, and with it the request
}

export function setResult(clip, result) {
  if (clip.result) URL.revokeObjectURL(clip.result.url);
  clip.result = { ...result, url: URL.createObjectURL(result.blob), isSaved: false };
}

function formOf(clip, request) {
  const form = new FormData();
  for (const [name, value] of Object.entries(request.fields)) form.set(name, value);
  form.set("video", clip.file);
  return form;
}

// The time that is left is estimated from when the server began.
function noted(work, phase, fraction) {
  const begins = phase === "working" && work.phase !== "working";
  return { phase, fraction, waiting: null, ...(begins && { startedAt: performance.now() }) };
}

// Seconds until the server is done; null where there is no telling yet.
export function secondsLeft({ phase, fraction, startedAt }) {
  const seconds = (performance.now() - startedAt) / 1000;
  return phase === "working" && fraction > 0.02 && seconds > 2 ? (seconds * (1 - fraction)) / fraction : null;
}
