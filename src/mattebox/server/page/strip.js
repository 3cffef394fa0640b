// The strip of photographs: a small picture of each, how far it is, and a way to remove it. Knows items by what they
// show; what is done with them is told by the callbacks.
import { text } from "/page/strings.js";

const $ = (id) => document.getElementById(id);
const SIDE = 144; // pixels of a small picture
const begun = { at: 0, done: 0 };

// Appends a tile; `heard` has show(item), step(by), remove(item), and drag(event, item).
export function tile(item, heard) {
  const made = document.createElement("li"), face = document.createElement("button"), remove = document.createElement("button");
  const picture = document.createElement("canvas"), badge = document.createElement("i");
  Object.assign(face, { type: "button", className: "face", draggable: true });
  Object.assign(picture, { width: SIDE, height: SIDE });
  Object.assign(remove, { type: "button", className: "remove" });
  remove.setAttribute("aria-label", text.removeOne(item.file.name));
  remove.innerHTML = `<svg aria-hidden="true"><use href="#i-close"/></svg>`;
  badge.innerHTML = `<svg aria-hidden="true"><use/></svg>`;
  face.append(picture, badge);
  made.append(face, remove);
  face.addEventListener("click", () => heard.show(item));
  face.addEventListener("dragstart", (event) => heard.drag(event, item));
  face.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Delete") heard.remove(item);
    else if (by) heard.step(by);
    else return;
    event.preventDefault();
    document.querySelector("#strip [aria-current=true]")?.focus();
  });
  remove.addEventListener("click", () => heard.remove(item));
  $("strip").append(made);
  item.tile = made;
  state(item, item.state);
}

export function state(item, now) {
  item.state = now;
  if (item.tile.dataset.status === now) return;
  item.tile.dataset.status = now;
  const face = item.tile.firstChild;
  face.setAttribute("aria-label", text.tile(item.file.name, text.states[now]));
  face.title = item.file.name;
  face.querySelector("use").setAttribute("href", now === "failed" ? "#i-bad" : "#i-good");
}

// One stop for the tab key however many photographs: the one that is shown.
export function current(items, shown) {
  for (const item of items) {
    item.tile.firstChild.setAttribute("aria-current", String(item === shown));
    for (const button of item.tile.children) button.tabIndex = item === shown ? 0 : -1;
  }
  shown?.tile.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// Draws a picture small into a tile; false where the browser does not know its format.
export async function draw(item, blob) {
  const small = await shrunk(blob).catch(() => null);
  if (!small) return false;
  const pen = item.tile.querySelector("canvas").getContext("2d"), scale = Math.max(SIDE / small.width, SIDE / small.height);
  pen.clearRect(0, 0, SIDE, SIDE);
  pen.drawImage(small, (SIDE - small.width * scale) / 2, (SIDE - small.height * scale) / 2, small.width * scale, small.height * scale);
  return true;
}

// A small copy of a cutout as an address, for the swatches.
export async function sample(blob) {
  const small = await shrunk(blob);
  return URL.createObjectURL(await new Promise((resolve) => small.toBlob(resolve)));
}

async function shrunk(blob) {
  const whole = await createImageBitmap(blob), scale = Math.min(1, (2 * SIDE) / Math.max(whole.width, whole.height));
  const [width, height] = [whole.width, whole.height].map((v) => Math.max(1, Math.round(v * scale)));
  const small = Object.assign(document.createElement("canvas"), { width, height }), pen = small.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(whole, 0, 0, width, height);
  whole.close();
  return small;
}

// How far all of them are, and about how long it will take.
export function progress(items) {
  const count = (...states) => items.filter((i) => states.includes(i.state)).length;
  const left = count("waiting", "working"), failed = count("failed"), done = items.length - left;
  if (!left || !begun.at || done < begun.done) Object.assign(begun, { at: left ? performance.now() : 0, done });
  const each = done > begun.done + 1 ? (performance.now() - begun.at) / (done - begun.done) / 1000 : 0;
  $("progress").max = Math.max(1, items.length);
  $("progress").value = done;
  $("progress").classList.toggle("over", !left);
  $("batch").classList.toggle("over", !left && !failed);
  $("counted").textContent = text.counted(done - failed, failed, items.length, each && left > 1 ? text.seconds(each * left) : "");
  $("again").hidden = !failed;
}
