// The page: photographs in, what is seen of them, results out. State is a list of items; one is shown.
import { dress, made as words } from "/page/dress.js";
import * as form from "/page/form.js";
import { keyboard } from "/page/keyboard.js";
import * as marks from "/page/marks.js";
import { behind, cuts, filter, standsIn } from "/page/order.js";
import * as results from "/page/results.js";
import { look, now } from "/page/server.js";
import * as stage from "/page/stage.js";
import { text } from "/page/strings.js";
import * as strip from "/page/strip.js";
import { begin, failed, moving, state, there, visible, wake, wanted } from "/page/work.js";

const $ = (id) => document.getElementById(id);
// { file, name, before, marks, undone, answered, made: { final, cutout }, failed, busy, move, state, tile }
const items = [];
let shown = null, backdrop = null, timer = 0, sampled = null;

// ---- photographs in

function add(files) {
  const pictures = [...files].filter((f) => f.type.startsWith("image/") || /\.(heic|heif|avif|tiff?)$/i.test(f.name));
  if (!pictures.length) return say(text.noPictures);
  const added = pictures.map((file) => {
    const item = { file, name: file.name.replace(/\.\w+$/, "") || "photo", before: URL.createObjectURL(file), marks: [], undone: [], answered: 0, made: {}, state: "waiting" };
    strip.tile(item, { show, step, remove, drag });
    items.push(item);
    return item;
  });
  laid();
  show(added[0]);
  sketch(added);
}

// Small pictures of what came, one after the other; a format that this browser cannot show is asked of the server.
async function sketch(added) {
  for (const item of added) {
    if (!items.includes(item) || item.made.final || (await strip.draw(item, item.file))) continue;
    item.foreign = true;
    if (item === shown) view();
    wake();
  }
}

function laid() {
  const some = items.length > 0;
  document.body.classList.toggle("bare", !some);
  $("empty").hidden = some;
  $("bench").hidden = $("controls").hidden = $("batch").hidden = !some;
  $("all").hidden = items.length < 2;
  strip.progress(items);
}

function remove(item) {
  const at = items.indexOf(item), next = () => items[Math.min(at, items.length - 1)];
  if (at < 0) return;
  items.splice(at, 1);
  for (const url of [item.before, ...Object.values(item.made).map((m) => m.url)]) URL.revokeObjectURL(url);
  const focused = item.tile.contains(document.activeElement) || $("failure").contains(document.activeElement);
  item.tile.remove();
  laid();
  if (item === shown) show(next() ?? null);
  if (focused) (next()?.tile.firstChild ?? $("choose")).focus();
  wake();
}

function clear() {
  if (unsaved() && !confirm(text.really)) return;
  for (const item of [...items]) remove(item);
  say("");
  $("choose").focus();
}

function own(file) {
  if (!file) return;
  if (backdrop) URL.revokeObjectURL(backdrop.url);
  backdrop = { file, url: URL.createObjectURL(file), id: `${file.name} ${file.size} ${file.lastModified}` };
  document.querySelector("[data-paint=picture]").style.setProperty("--paint", `url("${backdrop.url}") center / cover`);
  form.choose("paint", "picture");
  changed();
}

// ---- what is seen

function show(item) {
  if (item !== shown) stage.fresh();
  shown = item;
  marks.of(item);
  strip.current(items, item);
  if (item) view();
  wake();
}

function step(by) {
  const to = items[items.indexOf(shown) + by];
  if (to) show(to);
}

// The result where it is there; else the bare cutout with the rest laid around it; else the last that was made.
function view() {
  if (!shown) return;
  const said = form.said(), want = wanted(shown), { final, cutout } = shown.made, marking = marks.active();
  const done = there(shown, "final", want) && visible(final), clear = { behind: {}, filter: "none" };
  const bare = cuts(said) && cutout && (marking || (there(shown, "cutout", want) && (standsIn(said) || !visible(final))));
  let after;
  if (done && !marking) after = { after: final.url, ...clear };
  else if (bare) after = { after: cutout.url, behind: { ...behind(said, backdrop), ghost: marks.keeping() }, filter: filter(said) };
  else if (!cuts(said)) after = { after: shown.before, behind: {}, filter: filter(said) };
  else after = { after: (visible(final) ? final : cutout)?.url ?? shown.before, ...clear };
  stage.show({ before: shown.before, ...after });
  marks.redraw();
  told(there(shown, "final", want) ? final : null);
  swatches();
}

// What is known of the shown one.
function told(final) {
  const wrong = failed(shown);
  $("failure").hidden = !wrong;
  $("frame").classList.toggle("failing", wrong && Boolean(shown.foreign && !shown.looked));
  if (wrong) {
    $("failure").querySelector("strong").textContent = shown.failed.problem;
    $("failure").querySelector("p").textContent = shown.failed.remedy;
    say(`${shown.failed.problem} ${shown.failed.remedy}`);
  } else if (final) say(text.done(final.width, final.height, final.confidence, final.seconds.toFixed(1)));
  judged(final?.check);
}

// What a marketplace's rules say of it.
function judged(check) {
  $("verdict").hidden = !check;
  if (!check) return;
  const market = form.named(check.for);
  $("verdict").className = check.passed ? "good" : "bad";
  $("verdict").replaceChildren(words("strong", check.passed ? text.passes(market) : text.fails(market)), ...check.broken.map((b) => words("span", text.broken(b))));
}

function woken() {
  for (const item of items) strip.state(item, state(item));
  strip.progress(items);
  const busy = Boolean(shown) && (shown.busy || (shown.state === "waiting" && moving()));
  $("busy").hidden = !busy;
  $("busy").lastElementChild.textContent = busy ? doing(shown) : "";
  $("frame").setAttribute("aria-busy", String(busy));
}

// What is being done to a photograph, and how far it is once that can be told.
function doing(item) {
  if (item.move?.share > 0 && item.move.share < 1) return text[item.move.what](Math.round(100 * item.move.share));
  return item.foreign && !item.looked ? text.reading : item.made.final || item.made.cutout ? text.updating : text.working(0);
}

// The swatches show the subject itself before each background.
async function swatches() {
  const cutout = shown.made.cutout, last = sampled;
  if (!cutout || last?.of === cutout) return;
  const mine = (sampled = { of: cutout });
  mine.url = await strip.sample(cutout.blob).catch(() => null);
  if (sampled !== mine || !mine.url) return;
  $("paints").style.setProperty("--cut", `url("${mine.url}")`);
  if (last?.url) setTimeout(() => URL.revokeObjectURL(last.url), 1000);
}

function waiting(left, why) {
  const more = left !== null && !$("now").hidden;
  $("status").setAttribute("aria-live", more ? "off" : "polite"); // told aloud once, not each second
  $("now").hidden = left === null;
  if (left !== null) say(text[why](left));
}

function say(line) {
  $("status").textContent = line;
  if (!items.length && line) document.querySelector("#empty .small").textContent = line;
}

function changed() {
  clearTimeout(timer);
  view();
  timer = setTimeout(wake, 250);
}

// ---- results out

const unsaved = () => items.some((i) => i.busy || (i.made.final && i.saved !== i.made.final.id));

// The results of these items once they are what is wanted; failed ones are left out.
async function ready(some, button) {
  button.setAttribute("aria-busy", "true");
  try {
    for (;;) {
      const open = some.filter((i) => items.includes(i) && !failed(i) && !there(i, "final"));
      if (!open.length) break;
      if ($("now").hidden) say(text.preparing(some.length - open.length, some.length));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    button.removeAttribute("aria-busy");
  }
  const found = some.filter((i) => items.includes(i) && there(i, "final")).map((item) => ({ item, made: item.made.final }));
  if (!found.length) say(text.nothingYet);
  return found;
}

const saved = ({ item, made }) => (item.saved = made.id);

async function download() {
  for (const done of await ready([shown], $("download"))) {
    results.save(done.made.blob, results.named(done.item, done.made));
    saved(done);
    say(text.downloaded(results.named(done.item, done.made)));
  }
}

async function downloadAll() {
  const done = await ready([...items], $("all"));
  if (!done.length) return;
  try {
    await results.saveAll(done);
    done.forEach(saved);
    say(text.downloaded(text.zipName(done.length)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    say(error.message);
  }
}

async function copy() {
  const found = ready([shown], $("copy"));
  try {
    await results.copy(found.then(([done]) => done.made.blob));
    (await found).forEach(saved);
    say(text.copied);
  } catch {
    say(text.notCopied);
  }
}

async function share() {
  const [done] = await ready([shown], $("share"));
  if (done) await navigator.share({ files: [results.file(done.item, done.made)] }).then(() => saved(done), () => {});
}

function drag(event, item) {
  if (!there(item, "final")) return event.preventDefault();
  results.dragged(event, item, item.made.final);
  saved({ item, made: item.made.final });
}

// ---- the page

const ours = "application/x-mattebox", brings = (event) => event.dataTransfer.types.includes("Files") && !event.dataTransfer.types.includes(ours);
const retry = (some) => { for (const item of some) item.failed = null; view(); wake(); };
const on = (id, kind, act) => $(id).addEventListener(kind, act);

dress();
form.begin(changed);
stage.begin(marks.pointing);
marks.begin({
  may: () => Boolean(shown) && (cuts(form.said()) || (say(text.noCut), false)),
  chosen: (tool, way) => { view(); wake(); if (tool !== "look") say(text.told[tool][way]); },
  marked: (item) => { item.answered = Math.min(item.answered, item.marks.length); view(); wake(); },
});
begin({
  items, shown: () => shown, backdrop: () => backdrop, waiting, woken,
  ended: (item) => item === shown && view(),
  looked: (item, blob) => { URL.revokeObjectURL(item.before); item.before = URL.createObjectURL(blob); strip.draw(item, blob); },
  kept: (item, made, first) => { if (visible(made)) strip.draw(item, made.blob); if (first && item === shown) setTimeout(stage.reveal, 60); },
});
keyboard({ shown: () => shown, step, copy });
look("/v1/presets").then((known) => known && form.presets(known));
for (const id of ["add", "choose"]) on(id, "click", () => $("files").click());
on("files", "change", (event) => { add(event.target.files); event.target.value = ""; });
on("picture", "click", () => $("backdrop").click());
on("backdrop", "change", (event) => { own(event.target.files[0]); event.target.value = ""; });
on("paints", "click", (event) => { if (event.detail && event.target.value === "picture") $("backdrop").click(); });
on("retry", "click", () => retry([shown]));
on("again", "click", () => retry(items));
on("discard", "click", () => remove(shown));
on("clear", "click", clear);
on("now", "click", now);
on("help", "click", () => $("keys").showModal());
on("download", "click", download);
on("download", "dragstart", (event) => drag(event, shown));
on("all", "click", downloadAll);
on("copy", "click", copy);
on("share", "click", share);
$("share").hidden = !navigator.canShare?.({ files: [new File(["x"], "x.png", { type: "image/png" })] });
document.addEventListener("paste", (event) => event.clipboardData.files.length && add(event.clipboardData.files));
document.addEventListener("dragover", (event) => { event.preventDefault(); $("over").hidden = !brings(event); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("over").hidden = true; });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("over").hidden = true;
  if (brings(event)) add(event.dataTransfer.files);
});
addEventListener("beforeunload", (event) => { if (unsaved()) event.preventDefault(); });
