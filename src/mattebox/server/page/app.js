// The page: photographs in, requests to this server only, results out. State is a list of items; one is shown.
import { text } from "/page/strings.js";
import { zip } from "/page/zip.js";

const $ = (id) => document.getElementById(id);
const items = []; // { file, before, after, blob, name, status, told }
let mode = "compare"; // what a click on the picture does
let shown = null, paint = "transparent", backdrop = null, queue = Promise.resolve(), timer = 0, round = 0;

const SUFFIX = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/avif": "avif", "application/zip": "zip" };

function label() {
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", text[node.dataset.label]);
  for (const node of document.querySelectorAll("[data-alt]")) node.alt = text[node.dataset.alt];
  fill($("shadow"), text.shadows);
  fill($("aspect"), text.aspects);
  fill($("format"), text.formats);
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
    item.marks = []; // { mode, x, y } in percent of the photograph
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
  if (item.said) say(item.said);
  aligned();
}

// ---- work

function request(item) {
  const form = new FormData(), controls = new FormData($("controls"));
  form.set("image", item.file);
  form.set("model", controls.get("model"));
  form.set("empty", "keep");
  for (const kind of ["keep", "drop"]) {
    const places = item.marks.filter((m) => m.mode === kind).map((m) => `${m.x.toFixed(2)}%,${m.y.toFixed(2)}%`);
    if (places.length) form.set(kind, places.join(" "));
  }
  if (controls.get("preset")) {
    form.set("preset", controls.get("preset"));
    if (controls.get("format") !== "auto") form.set("format", controls.get("format"));
  } else {
    form.set("format", controls.get("format") === "auto" ? "png" : controls.get("format"));
    form.set("shadow", controls.get("shadow"));
    form.set("shadow_opacity", controls.get("shadow_opacity"));
    form.set("outline", `${controls.get("outline") / 10}%`);
    form.set("crop", String(controls.has("crop")));
    if (controls.has("crop")) form.set("margin", `${controls.get("margin")}%`);
    form.set("aspect", controls.get("aspect"));
  }
  const opaque = ["jpg"].includes(controls.get("format"));
  if (backdrop) form.set("background_image", backdrop);
  else if (paint !== "transparent" || !controls.get("preset")) form.set("background", opaque && paint === "transparent" ? "white" : paint);
  return form;
}

async function work(item) {
  if (!items.includes(item)) return;
  mark(item, "working");
  if (item === shown) say(text.working);
  const begun = performance.now(), mine = round;
  try {
    const answer = await patient(() => fetch("/v1/cutouts", { method: "POST", body: request(item) }));
    if (!answer.ok) {
      const problem = await answer.json();
      throw new Error(`${problem.detail}; ${problem.remedy}`);
    }
    const blob = await answer.blob();
    if (mine !== round) return;
    if (item.after) URL.revokeObjectURL(item.after);
    item.blob = blob;
    item.after = blob.type === "application/zip" ? item.before : URL.createObjectURL(blob);
    item.tile.firstChild.src = item.after;
    mark(item, "done");
    const sure = Math.round(100 * Number(answer.headers.get("X-Confidence")));
    item.said = text.done(sure, ((performance.now() - begun) / 1000).toFixed(1));
  } catch (error) {
    mark(item, "failed");
    item.said = error instanceof TypeError ? text.offline : error.message;
  }
  if (item === shown) show(item);
  if (shown?.said) say(shown.said);
}

async function patient(call) {
  for (;;) {
    const answer = await call();
    if (answer.status !== 503 && answer.status !== 429) return answer;
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(answer.headers.get("Retry-After") ?? 2)));
  }
}

function changed() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    round += 1;
    const order = [shown, ...items.filter((i) => i !== shown)].filter(Boolean);
    for (const item of order) mark(item, "waiting");
    const mine = round;
    queue = queue.then(async () => { for (const item of order) if (mine === round) await work(item); });
  }, 250);
}

function mark(item, status) {
  item.status = status;
  item.tile.dataset.status = status;
}

function say(line) {
  const left = items.filter((i) => i.status === "waiting" || i.status === "working").length;
  $("status").textContent = left && line !== text.working ? `${line} ${text.waiting(left)}` : line;
}

// ---- looking

function aligned() {
  const framed = $("after").naturalWidth && $("before").naturalWidth
    && Math.abs($("after").naturalWidth / $("after").naturalHeight - $("before").naturalWidth / $("before").naturalHeight) < 0.01;
  const share = framed || !shown?.after ? Number($("slider").value) : Number($("slider").value) > 50 ? 100 : 0;
  $("frame").style.setProperty("--share", `${share}%`);
  $("frame").style.setProperty("--zoom", Number($("zoom").value) / 100);
}

// Where a click lies in the photograph, in percent; nothing outside of it, or when the result has another frame.
function place(event) {
  const image = $("after"), box = image.getBoundingClientRect(), before = $("before");
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const x = (100 * (event.clientX - box.left - (box.width - image.naturalWidth * scale) / 2)) / (image.naturalWidth * scale);
  const y = (100 * (event.clientY - box.top - (box.height - image.naturalHeight * scale) / 2)) / (image.naturalHeight * scale);
  if (image.naturalWidth !== before.naturalWidth || image.naturalHeight !== before.naturalHeight) return say(text.noMarks);
  return x > 0 && x < 100 && y > 0 && y < 100 ? { x, y } : undefined;
}

function marked(event) {
  if (mode === "compare" || !shown) return;
  const found = place(event);
  if (!found) return;
  shown.marks.push({ mode, ...found });
  again(shown);
}

function again(item) {
  $("undo").hidden = !item.marks.length;
  mark(item, "waiting");
  queue = queue.then(() => work(item));
}

function choseMode(chosen) {
  mode = chosen;
  for (const node of document.querySelectorAll(".mode")) node.setAttribute("aria-pressed", String(node.dataset.mode === mode));
  $("frame").classList.toggle("marking", mode !== "compare");
  if (mode !== "compare") $("slider").value = "0";
  aligned();
}

function drag(event) {
  if (event.buttons !== 1 || mode !== "compare") return;
  const box = $("frame").getBoundingClientRect();
  $("slider").value = String(Math.round((100 * (event.clientX - box.left)) / box.width));
  aligned();
}

// ---- results out

const named = (item) => `${item.name}-cut.${SUFFIX[item.blob.type] ?? "png"}`;

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function copy() {
  if (!shown?.blob) return;
  try {
    const bitmap = await createImageBitmap(shown.blob), canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    const png = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    say(text.copied);
  } catch {
    say(text.notCopied);
  }
}

async function all() {
  const done = items.filter((i) => i.blob), seen = new Map();
  const entries = done.map((item) => {
    const name = named(item), count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return { name: count ? name.replace(/(\.\w+)$/, `-${count + 1}$1`) : name, blob: item.blob };
  });
  save(await zip(entries), "cutouts.zip");
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
presets().catch(() => say(text.offline));
$("files").addEventListener("change", (event) => add(event.target.files));
$("backdrop").addEventListener("change", (event) => event.target.files[0] && choose("", event.target.files[0]));
$("colour").addEventListener("input", (event) => choose(event.target.value));
$("controls").addEventListener("input", (event) => event.target.name && changed());
$("controls").addEventListener("submit", (event) => event.preventDefault());
$("slider").addEventListener("input", aligned);
$("zoom").addEventListener("input", aligned);
for (const image of [$("after"), $("before")]) image.addEventListener("load", aligned);
$("frame").addEventListener("pointerdown", drag);
$("frame").addEventListener("pointermove", drag);
$("frame").addEventListener("click", marked);
for (const node of document.querySelectorAll(".mode")) node.addEventListener("click", () => choseMode(node.dataset.mode));
$("undo").addEventListener("click", () => shown?.marks.pop() && again(shown));
$("download").addEventListener("click", () => shown?.blob && save(shown.blob, named(shown)));
$("copy").addEventListener("click", copy);
$("all").addEventListener("click", all);
$("reset").addEventListener("click", reset);
document.addEventListener("paste", (event) => event.clipboardData.files.length && add(event.clipboardData.files));
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
document.addEventListener("dragover", () => $("drop").classList.add("over"));
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  $("drop").classList.remove("over");
  if (event.dataTransfer.files.length) add(event.dataTransfer.files);
});
