// Stores clips as they change, beside the photographs of this tab (see session_store.js): the file, settings and key frames, the
// server's job, and the result.
import { clips } from "./clip_files.js";
import { storeRecord } from "./session_store.js";

export const storeClipFile = (clip) => storeRecord("files", { id: clip.id, file: clip.file, isClip: true });

// Only what has changed since.
export function storeClip(clip) {
  const { id, settings, keys, jobPath, request, result } = clip, known = { settings, keys, jobPath, request }, state = JSON.stringify(known);
  if (state !== clip.storedState) storeRecord("items", { id, position: clips.indexOf(clip), clip: known });
  if (result && result !== clip.storedResult) storeRecord("results", { id, clip: { requestId: result.requestId, format: result.format, blob: result.blob, made: result.made } });
  Object.assign(clip, { storedState: state, storedResult: result });
}
