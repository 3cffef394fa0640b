// The depth that a photograph's file holds, or that its two views tell: the server reads it, where the file looks as if it
// had one. It is not asked about others, nor where nothing is uploaded.
import { isDeviceOnly } from "./device_mode.js";
import { submitAbout } from "./photographs.js";

const PREVIEW_PIXELS = 400_000, HEAD_BYTES = 262_144;
const SIGNS = ["GDepth", "ns.google.com/photos/dd", "MPF\0"]; // in a JPEG: depth maps, or several pictures
const depthByItem = new WeakMap(); // item -> null, or an ImageBitmap whose brightness is nearness

// The photograph's own depth; null where there is none, or while it is not known: `onReady` tells when it is.
export function ownDepth(item, onReady) {
  if (isDeviceOnly()) return null;
  if (!depthByItem.has(item)) {
    depthByItem.set(item, null);
    findDepth(item).then((depth) => { if (depth) depthByItem.set(item, depth), onReady(); }, (error) => console.info(`no depth: ${error.message}`));
  }
  return depthByItem.get(item);
}

async function findDepth(item) {
  if (!(await mayHoldDepth(item.file))) return null;
  const form = new FormData();
  form.set("preview", String(PREVIEW_PIXELS));
  const response = await submitAbout(item, "/v1/depths", form, () => {}, () => {}), made = JSON.parse(response.headers.get("X-Made"));
  return made.depth.source === "layers" ? null : createImageBitmap(await response.blob());
}

async function mayHoldDepth(file) {
  if (/hei[cf]$/i.test(file.type) || /\.(heic|heif|mpo)$/i.test(file.name)) return true;
  if (file.type !== "image/jpeg") return false;
  const head = new TextDecoder("latin1").decode(await file.slice(0, HEAD_BYTES).arrayBuffer());
  return SIGNS.some((sign) => head.includes(sign));
}
