// What is wanted of each photograph, what of it is there, and which request is sent next. Knows requests and answers,
// nothing of how they are shown.
import { text } from "/page/strings.js";
import { said } from "/page/form.js";
import * as marks from "/page/marks.js";
import { cuts, cutting, looking, order, standsIn } from "/page/order.js";
import { ask, Refused } from "/page/server.js";

const AT_ONCE = 2; // requests: while one is worked on, the next is on its way
const SEEN = ["image/png", "image/jpeg", "image/webp", "image/avif"]; // what a browser can show
let page = {}, flying = 0;

// `page` has items, shown(), backdrop(), waiting(seconds, why), kept(item, made, first), looked(item, blob), ended(item)
// and woken().
export function begin(callbacks) {
  page = callbacks;
}

export const wanted = (item) => ({ final: order(item, said(), page.backdrop()), cutout: cutting(item, said()) });
export const there = (item, kind, want = wanted(item)) => item.made[kind]?.id === want[kind].id;
export const visible = (made) => SEEN.includes(made?.blob.type);
export const failed = (item, want = wanted(item)) => Boolean(item.failed?.ids.includes(want.final.id));
export const state = (item) => (failed(item) ? "failed" : item.busy ? "working" : there(item, "final") ? "done" : "waiting");
export const moving = () => flying > 0;

// Sends what is due: the shown photograph's first and alone, then the others'.
export function wake() {
  const shown = page.shown(), first = shown && due(shown);
  if (first) work(shown, first);
  for (const item of shown?.busy ? [] : page.items) {
    const job = flying < AT_ONCE && due(item);
    if (job) work(item, job);
  }
  page.woken();
}

// The next request for an item, or null: first what lets the user see something, then the result.
function due(item) {
  const want = wanted(item);
  if (item.busy || failed(item, want)) return null;
  if (item.foreign && !item.looked) return { kind: "look", ...looking() };
  const bare = item === page.shown() && cuts(said()) && !there(item, "cutout", want);
  if (bare && (marks.active() || (!there(item, "final", want) && standsIn(said())))) return { kind: "cutout", ...want.cutout };
  if (!there(item, "final", want)) return { kind: "final", ...want.final };
  return bare && !visible(item.made.final) ? { kind: "cutout", ...want.cutout } : null;
}

async function work(item, job) {
  flying += 1;
  item.busy = true;
  const begun = performance.now(), count = item.marks.length;
  const moved = (what, share = 0) => (item.move = what && { what, share }, page.woken());
  try {
    const answer = await ask(job.place, await packed(item, job), page.waiting, moved), blob = await answer.blob();
    if (page.items.includes(item)) keep(item, job, blob, answer.headers, (performance.now() - begun) / 1000, count);
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error); // our own mistake: told, not tried for ever
    item.failed = { ids: [job.id, wanted(item).final.id], problem: error.message, remedy: error.remedy ?? text.strangeRemedy };
  } finally {
    flying -= 1;
    Object.assign(item, { busy: false, move: null });
    page.ended(item);
    wake();
  }
}

async function packed(item, job) {
  const body = new FormData();
  body.set("image", item.file);
  for (const [name, value] of Object.entries(job.fields)) body.set(name, value);
  if (job.backdrop) body.set("background_image", job.backdrop.file);
  if (job.masks.length) for (const [name, blob] of Object.entries(await marks.masks(job.masks, item.size))) body.set(name, blob, `${name}.png`);
  return body;
}

// An answer goes wherever it is wanted: a cutout that is not changed further is the result, too.
function keep(item, job, blob, headers, seconds, count) {
  if (job.kind === "look") {
    item.looked = true;
    return page.looked(item, blob);
  }
  const made = {
    id: job.id, blob, url: URL.createObjectURL(blob), seconds, cut: job.place.endsWith("cutouts"), width: headers.get("X-Width"), height: headers.get("X-Height"),
    confidence: headers.has("X-Confidence") ? Math.round(100 * Number(headers.get("X-Confidence"))) : null, check: JSON.parse(headers.get("X-Check") ?? "null"),
  };
  const want = wanted(item), first = !Object.keys(item.made).length;
  for (const kind of ["final", "cutout"]) {
    if (kind !== job.kind && want[kind].id !== job.id) continue;
    const old = item.made[kind];
    item.made[kind] = made;
    if (old && !Object.values(item.made).includes(old)) URL.revokeObjectURL(old.url);
  }
  Object.assign(item, { failed: null, answered: Math.min(count, item.marks.length) });
  page.kept(item, made, first);
}
