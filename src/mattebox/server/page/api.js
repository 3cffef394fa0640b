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

// Posts a form and returns the response. `onWait(secondsLeft, reason)` is called each second of a pause, with the reason
// "busy" or "away", and with null at its end; `onProgress(phase, fraction)` with the phase "sending" or "working".
export async function submit(path, form, onWait, onProgress) {
  for (let failedAttempts = 0; ; ) {
    if (isDeviceOnly()) throw new ApiError(text.promiseDevice, "", "device_only");
    const response = await postForm(path, form, (fraction) => onProgress("sending", fraction));
    onProgress(null);
    if (response?.status === 401) await askForKey();
    else if (isDeviceOnly()) continue;
    else if (response && !retryAfterSeconds(response)) return readResponse(response, onProgress);
    else {
      failedAttempts = response ? 0 : failedAttempts + 1;
      // A server that is alive has cut the upload off.
      if (failedAttempts > 1 && (await tryFetch("/livez"))?.ok) throw new ApiError(text.cutOff, text.cutOffRemedy, "cut_off");
      await waitBeforeRetry(response ? retryAfterSeconds(response) : Math.min(15, 2 ** failedAttempts), response ? "busy" : "away", onWait);
    }
  }
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
function postForm(path, form, onUpload) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(authHeaders())) request.setRequestHeader(name, value);
    request.responseType = "blob";
    request.upload.onprogress = (event) => onUpload(event.total ? event.loaded / event.total : 0);
    request.upload.onload = () => onUpload(1);
    uploads.add(request);
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

async function readResponse(response, onProgress) {
  if (response.status === 202) return followJob(await response.json(), onProgress);
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  if (!problem?.detail) throw new ApiError(text.unexpectedAnswer(response.status), text.unexpectedAnswerRemedy);
  throw new ApiError(...(text.problems[problem.code] ?? [toSentence(problem.detail), toSentence(problem.remedy)]), problem.code);
}

// Waits for a job (of a large photograph), takes its result and erases it.
async function followJob(job, onProgress) {
  const path = job.links.self;
  while (["queued", "running"].includes(job.state)) {
    onProgress("working", job.progress);
    await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
    job = (await getJson(path)) ?? job;
  }
  const result = await tryFetch(`${path}/result`), body = result?.ok ? await result.blob() : null;
  await tryFetch(path, { method: "DELETE" });
  if (!result) throw new ApiError(text.cutOff, text.cutOffRemedy);
  return readResponse(body ? new Response(body, { headers: result.headers }) : result, onProgress);
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
