// The clips of this tab: adding, showing and removing them. Their tiles stand among those of photographs.
import { clips, hideClip, showClip, shownClip } from "./clip_files.js";
import { readClip } from "./clip_reading.js";
import { DEFAULTS, clipRequest } from "./clip_request.js";
import { formatLength } from "./clip_time.js";
import { cancelWork } from "./clip_work.js";
import { byId, createElement } from "./dom.js";
import { items, selectedItem } from "./items.js";
import { selectItem, selectNeighbour, showGrid, updateLayout } from "./photograph_list.js";
import { eraseStoredItem } from "./session_store.js";
import { createId } from "./tab_session.js";
import * as thumbnails from "./thumbnails.js";

// A clip: { id, file, name, url, duration, width, height, isShowable (whether this browser shows it), settings, keys, result, failure,
// work (what is going on with the server), its jobPath and request, state, tile }. `known` is what was stored of it.
export function addClip(file, known = {}) {
  const clip = {
    id: createId(), file, name: file.name.replace(/\.\w+$/, "") || "clip", url: URL.createObjectURL(file), state: "waiting",
    settings: { ...DEFAULTS, ...clips.at(-1)?.settings }, keys: [], result: null, failure: null, work: null, jobPath: null, isShowable: null, ...known,
    show: () => openClip(clip), remove: () => removeClip(clip),
    isUnsaved: () => Boolean(clip.work || (clip.result && !clip.result.isSaved)),
  };
  clips.push(clip);
  thumbnails.createTile(clip, { selectItem: () => { showGrid(false); openClip(clip); }, selectNeighbour, removeItem: removeClip, startDrag: (event) => event.preventDefault() });
  clip.tile.classList.add("clip-tile");
  thumbnails.markSelected([...items, ...clips], selectedItem() ?? shownClip());
  return clip;
}

// Reads what the file shows of itself, and draws its tile.
export async function describeClip(clip) {
  const found = await readClip(clip.url);
  if (!clips.includes(clip)) return;
  clip.isShowable = Boolean(found);
  if (found) {
    Object.assign(clip, { duration: found.duration, width: found.width, height: found.height });
    thumbnails.drawPicture(clip, found.poster);
    clip.tile.firstChild.append(createElement("span", { className: "clip-length", textContent: formatLength(found.duration) }));
  }
  if (clip === shownClip()) showClip(clip);
}

export function openClip(clip) {
  showClip(clip);
  selectItem(null);
  updateLayout();
}

export function removeClip(clip) {
  const index = clips.indexOf(clip), hasFocus = clip.tile.contains(document.activeElement), isShown = clip === shownClip();
  if (index < 0) return;
  clips.splice(index, 1);
  cancelWork(clip);
  eraseStoredItem(clip);
  clip.tile.remove();
  if (isShown) {
    const neighbour = clips[Math.min(index, clips.length - 1)];
    if (neighbour) openClip(neighbour);
    else hideClip(), selectItem(items[0] ?? null);
  }
  for (const url of [clip.url, clip.result?.url]) if (url) URL.revokeObjectURL(url);
  updateLayout();
  if (hasFocus) (document.querySelector("#strip [aria-current=true]") ?? byId("choose")).focus();
}

export const requestOf = (clip) => clipRequest(clip.settings, clip.keys);

// Whether the result is what the settings and key frames ask for now.
export const isResultCurrent = (clip) => clip.result?.requestId === requestOf(clip).id;

export function updateTile(clip) {
  if (clips.includes(clip)) thumbnails.setState(clip, clip.work ? "working" : clip.failure ? "failed" : clip.result ? "done" : "waiting");
}
