// Stores what is in this tab as it changes, so that a reload or crash loses nothing: files, marks, settings, what can be
// undone, and the results on show. Where the browser has no room or no storage, `onFull` is called once.
import * as backdrops from "./backdrops.js";
import { eraseItem, eraseSession, get, getBySession, put } from "./database.js";
import * as history from "./history.js";
import { items } from "./items.js";
import { valuesOf } from "./settings.js";

const RESULT_FIELDS = ["requestId", "blob", "seconds", "isCutout", "width", "height", "isShrunk", "shownWidth", "confidence", "isFound", "placement", "check", "scene", "fingerprint"];
let sessionId = null, onFull = () => {}, hasFailed = false;
const pendingWrites = new Set();
let announceReady = null;
const ready = new Promise((resolve) => { announceReady = resolve; });

// From now on this tab is stored as that session.
export function beginStoring(id, fullListener) {
  [sessionId, onFull] = [id, fullListener];
  announceReady();
}

// Whether all that there is has been stored.
export const isAllStored = () => sessionId !== null && !pendingWrites.size && !hasFailed;

// Resolves when what is being stored now has been stored, or could not be.
export const storedByNow = () => Promise.all([...pendingWrites]);

export const storeFile = (item) => write(() => put("files", { id: item.id, session: sessionId, file: item.file }));

// Marks and own settings of a photograph, and its place among the others.
export const storeItem = (item) => write(() => put("items", {
  id: item.id, session: sessionId, position: items.indexOf(item), name: item.name, scribbles: item.scribbles, ownValues: item.ownValues, pixelSize: item.pixelSize, shrinkCount: item.shrinkCount,
}));

export const storeResults = (item) => write(() => {
  const toRecord = (result) => result && Object.fromEntries(RESULT_FIELDS.map((name) => [name, result[name]]));
  return put("results", { id: item.id, session: sessionId, cutout: toRecord(item.lastCutout), shown: toRecord(item.lastShown), appliedCount: item.appliedCount });
});

// The settings of all photographs, the background pictures, and what can be undone.
export const storeSession = () => write(() => put("sessions", { id: sessionId, usedAt: Date.now(), values: valuesOf(null), backdrops: backdrops.listFiles(), history: history.toData() }));

// A record of something else in this tab.
export const storeRecord = (store, record) => write(() => put(store, { ...record, session: sessionId }));

export const eraseStoredItem = (item) => write(() => eraseItem(item.id));
export const eraseStoredSession = () => write(() => eraseSession(sessionId));

// What was stored of a session: { session, items: [{ file, known, cutout, shown }], clips: [{ file, known, result }] } in the order of
// the strip; `session` is undefined where there is none.
export async function readSession(id) {
  const [session, files, states, results] = await Promise.all([get("sessions", id), ...["files", "items", "results"].map((store) => getBySession(store, id))]);
  const byId = (records) => new Map(records.map((record) => [record.id, record]));
  const stateById = byId(states), resultsById = byId(results);
  const entries = files.filter(({ isClip }) => !isClip).map(({ id: itemId, file }) => {
    const { position = Infinity, name = file.name, scribbles = [], ownValues = null, pixelSize, shrinkCount } = stateById.get(itemId) ?? {};
    const { cutout, shown, appliedCount = 0 } = resultsById.get(itemId) ?? {};
    return { file, position, known: { id: itemId, name, scribbles, ownValues, pixelSize, shrinkCount, appliedCount }, cutout, shown };
  });
  const clips = files.filter(({ isClip }) => isClip).map(({ id: clipId, file }) => {
    const { position = Infinity, clip } = stateById.get(clipId) ?? {};
    return { file, position, known: { id: clipId, ...clip }, result: resultsById.get(clipId)?.clip };
  });
  const byPosition = (a, b) => a.position - b.position;
  return { session, items: entries.sort(byPosition), clips: clips.sort(byPosition) };
}

function write(act) {
  const writing = ready.then(act).catch((error) => {
    if (!hasFailed) onFull(error);
    hasFailed = true;
  }).finally(() => pendingWrites.delete(writing));
  pendingWrites.add(writing);
  return writing;
}
