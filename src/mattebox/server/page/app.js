// The page: photographs in, requests to this server only, results out. State is a list of items; one is shown.
import { text } from "/page/strings.js";
import { AS_IT_IS, order, preview, state } from "/page/order.js";
import { copy, named, save, saveAll } from "/page/results.js";
import * as stage from "/page/stage.js";

const $ = (id) => document.getElementById(id);
const items = []; // { file, name, before, after, blob, cut, marks, sent, status, said, tile }
let shown = null, paint = "transparent", backdrop = null, queue = Promise.resolve(), timer = 0, round = 0;

function label() {
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", text[node.dataset.label]);
  for (const node of document.querySelectorAll("[data-alt]")) node.alt = text[node.dataset.alt];
  for (const [id, options] of [["shadow", text.shadows], ["aspect", text.aspects], ["format", text.formats], ["only", text.wheres],
    ["upscale", text.sizes], ["style", text.styles]]) fill($(id), options);
  fill($("model"), text.models, "balanced");
  for (const [value, name] of Object.entries(text.backgrounds)) $("swatches").append(swatch(value, name));
}

function fill(select, options, chosen) {
  for (const [value, name] of Object.entries(options)) select.append(new Option(name, value, false, value === chosen));
}

function swatch(value, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = name;
  button.dataset.paint = value;
  button.setAttribute("aria-label", name);
  button.setAttribute("aria-pressed", String(value === paint));
  if (/^(#|white|black|linear)/.test(value)) button.style.setProperty("--paint", value);
  button.addEventListener("click", () => choose(value));
  return button;
}

function choose(value, picture = null) {
  paint = value;
  backdrop = picture;
  for (const node of $("swatches").children) node.setAttribute("aria-pressed", String(node.dataset.paint === value && !picture));
  changed();
}

// ---- photographs in

function add(files) {
  const pictures = [...files].filter((f) => f.type.startsWith("image/") || /\.(heic|heif|avif|tiff?)$/i.test(f.name));
  if (!pictures.length) return say(text.noPictures);
  for (const file of pictures) {
    const item = { file, before: URL.createObjectURL(file), after: null, name: file.name.replace(/\.\w+$/, "") || "photo", status: "waiting" };
    item.marks = []; // { mode, points } in percent of the photograph
    item.tile = tile(item);
    items.push(item);
    queue = queue.then(() => work(item));
  }
  $("drop").classList.add("small");
  $("controls").hidden = false;
  $("all").hidden = items.length < 2;
  show(items[items.length - pictures.length]);
}

function tile(item) {
  const button = document.createElement("button");
  const image = document.createElement("img");
  button.type = "button";
  button.setAttribute("aria-label", item.file.name);
  button.dataset.status = item.status;
  image.src = item.before;
  image.alt = "";
  button.append(image);
  button.addEventListener("click", () => show(item));
  $("strip").append(button);
  return button;
}

function show(item) {
  shown = item;
  $("view").hidden = false;
  $("before").src = item.before;
  $("after").src = item.after ?? item.before;
  $("undo").hidden = !item.marks.length;
  for (const other of items) other.tile.setAttribute("aria-current", String(other === item));
  stage.drawn(item.marks);
  previewed();
  if (item.said) say(item.said);
  stage.aligned();
}

// ---- work

const controls = () => new FormData($("controls"));

async function work(item) {
  if (!items.includes(item)) return;
  mark(item, "working");
  if (item === shown) say(text.working);
  const begun = performance.now(), mine = round, said = controls(), { place, form } = order(item, said, paint, backdrop);
  try {
    const answer = await patient(() => fetch(place, { method: "POST", body: form }));
    if (!answer.ok) {
      const problem = await answer.json();
      throw new Error(`${problem.detail}; ${problem.remedy}`);
    }
    const blob = await answer.blob();
    if (mine !== round || !items.includes(item)) return;
    if (item.after && item.after !== item.before) URL.revokeObjectURL(item.after);
    Object.assign(item, { blob, cut: place.endsWith("cutouts"), sent: state(said) });
    item.after = blob.type === "application/zip" ? item.before : URL.createObjectURL(blob);
    item.tile.firstChild.src = item.after;
    mark(item, "done");
    item.said = told(item, answer.headers, ((performance.now() - begun) / 1000).toFixed(1));
  } catch (error) {
    mark(item, "failed");
    item.said = error instanceof TypeError ? text.offline : error.message;
  }
  if (item === shown) show(item);
  if (shown?.said) say(shown.said);
}

function told(item, headers, seconds) {
  if (!item.cut) return text.enhanced(headers.get("X-Width"), headers.get("X-Height"), seconds);
  return text.done(Math.round(100 * Number(headers.get("X-Confidence"))), seconds);
}

async function patient(call) {
  for (;;) {
    const answer = await call();
    if (answer.status !== 503 && answer.status !== 429) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(answer.headers.get("Retry-After") ?? 2)));
  }
}

// The controls changed: the shown photograph is done again first, then the others.
function changed() {
  clearTimeout(timer);
  previewed();
  timer = setTimeout(() => {
    round += 1;
    const due = [shown, ...items.filter((i) => i !== shown)].filter(Boolean);
    for (const item of due) mark(item, "waiting");
    const mine = round;
    queue = queue.then(async () => { for (const item of due) if (mine === round) await work(item); });
  }, 250);
}

function previewed() {
  const whole = !$("only").value || $("only").value === "all";
  $("frame").style.setProperty("--preview", shown && whole ? preview(controls(), shown.sent) : "none");
}

function mark(item, status) {
  item.status = status;
  item.tile.dataset.status = status;
}

function say(line) {
  const left = items.filter((i) => i.status === "waiting" || i.status === "working").length;
  $("status").textContent = left && line !== text.working ? `${line} ${text.waiting(left)}` : line;
}

function marked(made) {
  if (!shown) return;
  if (paint === AS_IT_IS && !backdrop) {
    stage.drawn(shown.marks);
    return say(text.noCut);
  }
  shown.marks.push(made);
  again(shown);
}

function again(item) {
  $("undo").hidden = !item.marks.length;
  stage.drawn(item.marks);
  mark(item, "waiting");
  queue = queue.then(() => work(item));
}

async function copied() {
  if (!shown?.blob) return;
  await copy(shown.blob).then(() => say(text.copied), () => say(text.notCopied));
}

function reset() {
  round += 1;
  for (const item of items.splice(0)) {
    URL.revokeObjectURL(item.before);
    if (item.after) URL.revokeObjectURL(item.after);
    item.tile.remove();
  }
  shown = null;
  $("view").hidden = $("controls").hidden = true;
  $("drop").classList.remove("small");
  $("files").value = "";
  say("");
  $("files").focus();
}

async function presets() {
  fill($("preset"), { "": text.noPreset });
  const answer = await fetch("/v1/presets");
  const known = await answer.json();
  for (const [name, title] of Object.entries(known)) $("preset").append(new Option(`${name}: ${title}`, name));
}

label();
stage.begin(marked, () => say(text.noMarks));
presets().catch(() => say(text.offline));
$("files").addEventListener("change", (event) => add(event.target.files));
$("backdrop").addEventListener("change", (event) => event.target.files[0] && choose("", event.target.files[0]));
$("colour").addEventListener("input", (event) => choose(event.target.value));
$("controls").addEventListener("input", (event) => event.target.name && changed());
$("controls").addEventListener("submit", (event) => event.preventDefault());
$("undo").addEventListener("click", () => shown?.marks.pop() && again(shown));
$("download").addEventListener("click", () => shown?.blob && save(shown.blob, named(shown)));
$("copy").addEventListener("click", copied);
$("all").addEventListener("click", () => saveAll(items));
$("reset").addEventListener("click", reset);
document.addEventListener("paste", (event) => event.clipboardData.files.length && add(event.clipboardData.files));
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
document.addEventListener("dragover", () => $("drop").classList.add("over"));
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  $("drop").classList.remove("over");
  if (event.dataTransfer.files.length) add(event.dataTransfer.files);
});
