// Undo and redo of what was done in this tab, from memory: marks on photographs, and changes of settings. Entries are
// plain data, so that they are stored with the session:
//   { kind: "mark", itemId, mark }
//   { kind: "settings", itemId, before, after }: values as the form has them, of all photographs (itemId null) or of
//   one; null where that one has none of its own.
const MAX_ENTRIES = 200;
let done = [], undone = [], callbacks = {};
let openChange = ""; // names of the settings that are being changed: a slider's movements are one change
let gesture = null; // "begun" or "recorded": movements of a hand are one change, whatever they set

// `handlers` has apply(entry, isUndo) and onHistoryChanged().
export function initHistory(handlers) {
  callbacks = handlers;
}

export const canUndo = () => done.length > 0;
export const canRedo = () => undone.length > 0;

export function record(entry) {
  if (!mergeIntoLast(entry)) done.push(entry);
  done = done.slice(-MAX_ENTRIES);
  undone = [];
  callbacks.onHistoryChanged();
}

export const undo = () => move(done, undone, true);
export const redo = () => move(undone, done, false);

// Forgets what was done to photographs that are no longer there.
export function forgetItem(itemId) {
  const isOfOthers = (entry) => entry.itemId !== itemId;
  [done, undone] = [done.filter(isOfOthers), undone.filter(isOfOthers)];
  callbacks.onHistoryChanged();
}

export const toData = () => ({ done, undone });

export function restore(data) {
  [done, undone] = [data.done, data.undone];
  callbacks.onHistoryChanged();
}

function move(from, to, isUndo) {
  const entry = from.pop();
  if (!entry) return;
  to.push(entry);
  endChange();
  callbacks.apply(entry, isUndo);
  callbacks.onHistoryChanged();
}

// The next change of the same settings is another one.
export function endChange() {
  openChange = "";
  gesture = null;
}

// All changes of settings until the next `endChange` are one.
export function beginGesture() {
  endChange();
  gesture = "begun";
}

function mergeIntoLast(entry) {
  const names = entry.kind === "settings" ? changedNames(entry).join() : "", last = done.at(-1);
  const continues = names && (names === openChange || gesture === "recorded") && last?.kind === "settings" && last.itemId === entry.itemId;
  openChange = names;
  gesture &&= "recorded";
  if (continues) last.after = entry.after;
  return continues;
}

const changedNames = ({ before, after }) => (before && after ? Object.keys(after).filter((name) => before[name] !== after[name]) : []);
