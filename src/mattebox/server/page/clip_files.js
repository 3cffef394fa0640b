// Clips among the files that come, and which of them is on show. What clips need is loaded with the first one: clips.js.
const CLIP_NAME = /\.(mp4|m4v|mov|webm|mkv|avi|mts|m2ts|mpe?g|3gp)$/i;
const shown = { clip: null, onShown: () => {} };
let loading = null;

export const clips = []; // of this tab, with show(), remove(), isUnsaved() and a tile; see clip_list.js

export const isClip = (file) => file.type.startsWith("video/") || CLIP_NAME.test(file.name);

// `isAlone` tells whether no photographs came with them.
export const addClips = async (files, isAlone) => (await loadClips()).openClips(files, isAlone);

// Puts back what `readSession` returned.
export const restoreClips = async (entries) => (await loadClips()).restoreClips(entries);

// Rejects where the modules for clips cannot be loaded; the next clip tries again.
async function loadClips() {
  loading ??= import("./clips.js").catch((error) => { loading = null; throw error; });
  return (await loading).modules["clips.js"];
}

export const shownClip = () => shown.clip;

// `listener` receives the clip that is shown from now on, null for a photograph, and the same again when words or limits change.
export const listenToShownClip = (listener) => { shown.onShown = listener; };

export function showClip(clip) {
  shown.clip = clip;
  shown.onShown(clip);
}

export const hideClip = () => showClip(null);
export const refreshClip = () => shown.onShown(shown.clip);
