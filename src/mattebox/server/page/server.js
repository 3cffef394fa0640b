// Asking this server, with patience: a busy one is asked again when it says, one that is away after a while, a job is
// followed to its end and erased. Knows HTTP and nothing of photographs.
import { forNow } from "/page/store.js";
import { text } from "/page/strings.js";

const SECOND = 1000;
let unlocked = null, hurry = () => {};

// An answer that is no picture: what is wrong, and what mends it.
export class Refused extends Error {
  constructor(problem, remedy) {
    super(problem);
    this.remedy = remedy;
  }
}

// The answer to a form. `waiting` is told each second how long is left, and why: "busy" or "away"; then null.
// `moved` is told what is going on, "sending" or "working", and what share of it is done.
export async function ask(place, form, waiting, moved) {
  for (let away = 0; ; ) {
    const answer = await posted(place, form, (share) => moved("sending", share));
    moved(null);
    if (answer?.status === 401) await key();
    else if (answer && !later(answer)) return finished(answer, moved);
    else {
      away = answer ? 0 : away + 1;
      if (away > 1 && (await sent("/livez"))?.ok) throw new Refused(text.cutOff, text.cutOffRemedy);
      await pause(answer ? later(answer) : Math.min(15, 2 ** away), answer ? "busy" : "away", waiting);
    }
  }
}

// What the server tells of itself as JSON; null when it does not.
export async function look(place) {
  const answer = await sent(place);
  return answer?.ok ? answer.json() : null;
}

// Do not wait out the pause.
export const now = () => hurry();

const later = (answer) => ([429, 502, 503, 504].includes(answer.status) ? Math.ceil(Number(answer.headers.get("Retry-After"))) : 0);

const unlocking = () => (forNow.get("key") ? { "X-API-Key": forNow.get("key") } : {});

async function sent(place, options = {}) {
  try {
    return await fetch(place, { ...options, headers: unlocking() });
  } catch {
    return null;
  }
}

// As `sent`, telling how much has gone up: fetch() cannot.
function posted(place, form, gone) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", place);
    for (const [name, value] of Object.entries(unlocking())) request.setRequestHeader(name, value);
    request.responseType = "blob";
    request.upload.onprogress = (event) => gone(event.total ? event.loaded / event.total : 0);
    request.upload.onload = () => gone(1);
    request.onload = () => resolve(new Response(request.response, { status: request.status, headers: headers(request) }));
    request.onerror = request.onabort = () => resolve(null);
    request.send(form);
  });
}

const headers = (request) => request.getAllResponseHeaders().trim().split("\r\n").map((line) => line.split(/: (.*)/s).slice(0, 2));

async function pause(seconds, why, waiting) {
  let hurried = false;
  for (let left = seconds; left > 0 && !hurried; left -= 1) {
    waiting(left, why);
    hurried = await new Promise((resolve) => {
      const timer = setTimeout(resolve, SECOND, false), before = hurry;
      hurry = () => (before(), clearTimeout(timer), resolve(true));
    });
    if (!hurried) hurry = () => {};
  }
  waiting(null);
}

async function finished(answer, moved) {
  if (answer.status === 202) return job(await answer.json(), moved);
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => null);
  if (!problem?.detail) throw new Refused(text.strange(answer.status), text.strangeRemedy);
  throw new Refused(sentence(problem.detail), sentence(problem.remedy));
}

// A large photograph became a job. Its result is taken, then nothing of it is left there.
async function job(told, moved) {
  const place = told.links.self;
  while (["queued", "running"].includes(told.state)) {
    moved("working", told.progress);
    await new Promise((resolve) => setTimeout(resolve, SECOND));
    told = (await look(place)) ?? told;
  }
  const result = await sent(`${place}/result`), body = result?.ok ? await result.blob() : null;
  await sent(place, { method: "DELETE" });
  if (!result) throw new Refused(text.cutOff, text.cutOffRemedy);
  return finished(body ? new Response(body, { headers: result.headers }) : result, moved);
}

// Ask for the API key once, however many requests want it.
function key() {
  unlocked ??= new Promise((resolve) => {
    const dialog = document.getElementById("locked"), field = document.getElementById("key");
    dialog.addEventListener("close", () => {
      if (field.value) forNow.set("key", field.value.trim());
      unlocked = null;
      resolve();
    }, { once: true });
    document.getElementById("why").textContent = forNow.get("key") === null ? text.locked : text.lockedAgain;
    field.value = "";
    dialog.showModal();
  });
  return unlocked;
}

// A problem's words as a sentence for people; bytes in a unit that they know.
const sentence = (words) => plain(words.replace(/\b(\d{6,}) bytes/, (_, n) => `${Math.round(n / 1e5) / 10} MB`));
const plain = (words) => words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
