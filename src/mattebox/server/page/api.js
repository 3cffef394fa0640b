// HTTP client of this server: retries while it is busy or unreachable, follows jobs to their end, asks for the API key.
import { isDeviceOnly } from "./device_mode.js";
import { byId } from "./dom.js";
import { sessionSettings } from "./storage.js";
import { text } from "./strings.js";

const SECOND_MS = 1000;
let keyPrompt = null, skipPause = () => {};
const uploads = new Set(); // requests whose bodies may be on their way

// An error response: what went wrong, what to do, and the server's code if it gave one.
export class ApiError extends Error {
  constructor(problem, remedy, code = null) {
    super(problem);
    Object.assign(this, { remedy, code });
  }
}

// Posts a form and returns the response; `signal` breaks it off, and `onJob` receives the path of the job that it becomes. `onWait(secondsLeft, reason)` is called each second of a pause, with the reason
// "busy" or "away", and with null at its end; `onProgress(phase, fraction)` with the phase "sending", "queued" or "working".
export async function submit(path, form, onWait, onProgress, { signal = null, onJob = () => {} } = {}) {
  for (let failedAttempts = 0; ; ) {
    if (isDeviceOnly()) throw new ApiError(text.promiseDevice, "", "device_only");
    const response = signal?.aborted ? null : await postForm(path, form, (fraction) => onProgress("sending", fraction), signal);
    if (signal?.aborted && response?.status !== 202) throw new ApiError("", "", "cancelled");
    onProgress(null);
    if (response?.status === 401) await askForKey();
    else if (isDeviceOnly()) continue;
    else if (response && !retryAfterSeconds(response)) return readResponse(response, onProgress, { signal, onJob });
    else {
      failedAttempts = response ? 0 : failedAttempts + 1;
      // A server that is alive has cut the upload off.
      if (failedAttempts > 1 && (await tryFetch("/livez"))?.ok) throw new ApiError(text.cutOff, text.cutOffRemedy, "cut_off");
      await waitBeforeRetry(response ? retryAfterSeconds(response) : Math.min(15, 2 ** failedAttempts), response ? "busy" : "away", onWait);
    }
  }
}

// Goes on with the job at a path, which another visit may have begun; null where the server has it no longer.
export async function resumeJob(path, onProgress, signal) {
  const job = await getJson(path);
  return job && followJob(job, onProgress, { signal, onJob: () => {} });
}

// The JSON at a path; null on any error.
export async function getJson(path) {
  const response = await tryFetch(path);
  return response?.ok ? response.json() : null;
}

// The file at a path; null on any error.
export async function getBlob(path) {
  const response = await tryFetch(path);
  return response?.ok ? response.blob() : null;
}

// Erases what is at a path; the request outlives the page.
export const eraseAt = (path) => tryFetch(path, { method: "DELETE", keepalive: true });

// Breaks off whatever is being sent.
export const abortUploads = () => uploads.forEach((request) => request.abort());

// Ends the current pause.
export const retryNow = () => skipPause();

const retryAfterSeconds = (response) => ([429, 502, 503, 504].includes(response.status) ? Math.ceil(Number(response.headers.get("Retry-After"))) : 0);

const authHeaders = () => (sessionSettings.get("key") ? { "X-API-Key": sessionSettings.get("key") } : {});

// Like fetch, but null where the server cannot be reached.
async function tryFetch(path, options = {}) {
  try {
    return await fetch(path, { ...options, headers: authHeaders() });
  } catch {
    return null;
  }
}

// Like tryFetch, with the progress of the upload, which fetch() does not report.
function postForm(path, form, onUpload, signal) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(authHeaders())) request.setRequestHeader(name, value);
    request.responseType = "blob";
    request.upload.onprogress = (event) => onUpload(event.total ? event.loaded / event.total : 0);
    request.upload.onload = () => onUpload(1);
    uploads.add(request);
    signal?.addEventListener("abort", () => request.abort());
    request.onloadend = () => uploads.delete(request);
    request.onload = () => resolve(new Response(request.response, { status: request.status, headers: parseHeaders(request) }));
    request.onerror = request.onabort = () => resolve(null);
    request.send(form);
  });
}

const parseHeaders = (request) => request.getAllResponseHeaders().trim().split("\r\n").map((line) => line.split(/: (.*)/s).slice(0, 2));

async function waitBeforeRetry(seconds, reason, onWait) {
  let wasSkipped = false;
  for (let left = seconds; left > 0 && !wasSkipped; left -= 1) {
    onWait(left, reason);
    wasSkipped = await new Promise((resolve) => {
      const timer = setTimeout(resolve, SECOND_MS, false), skipOthers = skipPause;
      skipPause = () => (skipOthers(), clearTimeout(timer), resolve(true));
    });
    if (!wasSkipped) skipPause = () => {};
  }
  onWait(null);
}

async function readResponse(response, onProgress, options) {
  if (response.status === 202) return followJob(await response.json(), onProgress, options);
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  if (!problem?.detail) throw new ApiError(text.unexpectedAnswer(response.status), text.unexpectedAnswerRemedy);
  throw new ApiError(...(text.problems[problem.code] ?? [toSentence(problem.detail), toSentence(problem.remedy)]), problem.code);
}

// Waits for a job (of a large photograph, or a clip), takes its result and erases it.
async function followJob(job, onProgress, { signal, onJob }) {
  const path = job.links.self;
  onJob(path);
  while (["queued", "running"].includes(job.state)) {
    if (signal?.aborted) {
      await eraseAt(path); // which ends it
      throw new ApiError("", "", "cancelled");
    }
    if (job.state === "queued") onProgress("queued", 0);
    else onProgress("working", job.progress);
    await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
    const answer = await tryFetch(path);
    if (answer?.status === 404) throw new ApiError(...text.problems.job_unknown, "job_unknown");
    if (answer?.ok) job = await answer.json();
  }
  const result = await tryFetch(`${path}/result`), body = result?.ok ? await result.blob() : null;
  await tryFetch(path, { method: "DELETE" });
  if (!result) throw new ApiError(text.cutOff, text.cutOffRemedy);
  return readResponse(body ? new Response(body, { headers: result.headers }) : result, onProgress, { signal, onJob });
}

// Asks for the API key, once for all requests that wait for it.
function askForKey() {
  keyPrompt ??= new Promise((resolve) => {
    const dialog = byId("locked"), field = byId("key");
    dialog.addEventListener("close", () => {
      if (field.value) sessionSettings.set("key", field.value.trim());
      keyPrompt = null;
      resolve();
    }, { once: true });
    byId("why").textContent = sessionSettings.get("key") === null ? text.locked : text.lockedAgain;
    field.value = "";
    dialog.showModal();
  });
  return keyPrompt;
}

// The text of a problem as a sentence, with byte counts in megabytes.
const toSentence = (words) => capitaliseAndStop(words.replace(/\b(\d{6,}) bytes/, (_, n) => `${Math.round(n / 1e5) / 10} MB`));
const capitaliseAndStop = (words) => words.replace(/(^|[.?!] )(\p{Ll})/gu, (_, before, letter) => before + letter.toUpperCase()) + (/[.!?]$/.test(words) ? "" : ".");
