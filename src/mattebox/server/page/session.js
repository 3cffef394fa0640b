// Takes up this tab's session when the page opens, offers what an earlier tab has left, and erases all of it when asked.
import { addBackdrop } from "./backdrops.js";
import { clips, restoreClips } from "./clip_files.js";
import { eraseSession } from "./database.js";
import { byId } from "./dom.js";
import * as history from "./history.js";
import { restoreItems, removeItem } from "./photograph_list.js";
import { items } from "./items.js";
import { beginStoring, eraseStoredSession, readSession } from "./session_store.js";
import { renderLooks } from "./looks.js";
import { setStatus } from "./status_line.js";
import { localSettings, sessionSettings } from "./storage.js";
import { text } from "./strings.js";
import { adoptSession, listAbandonedSessions, takeTabSession } from "./tab_session.js";

let abandoned = [], showCommonValues = () => {};

// `showValues(values)` shows restored settings. Where the browser stores nothing, the page works without.
export async function openSession(showValues) {
  showCommonValues = showValues;
  byId("resume").addEventListener("click", resumeAbandoned);
  byId("forget").addEventListener("click", forgetAbandoned);
  byId("erase").addEventListener("click", eraseEverything);
  try {
    const id = await takeTabSession();
    await takeUp(id);
    abandoned = await listAbandonedSessions(id);
  } catch (error) {
    console.info(`nothing is stored here: ${error.message}`);
  }
  renderOffer();
}

async function takeUp(id) {
  const { session, items: entries, clips: clipEntries } = await readSession(id);
  beginStoring(id, () => setStatus(text.notStored));
  if (!session) return;
  for (const file of session.backdrops) addBackdrop(file);
  showCommonValues(session.values);
  byId("last-settings").hidden = true;
  history.restore(session.history);
  restoreItems(entries);
  if (clipEntries.length) await restoreClips(clipEntries);
}

export function renderOffer() {
  byId("last-time").hidden = !abandoned.length;
  if (abandoned.length) byId("last-time").querySelector("p").textContent = text.lastTime(abandoned[0].count);
}

async function resumeAbandoned() {
  const [latest, ...others] = abandoned;
  abandoned = others;
  if (latest && (await adoptSession(latest.id))) await takeUp(latest.id);
  renderOffer();
  byId("strip").querySelector("[aria-current=true]")?.focus();
}

async function forgetAbandoned() {
  await Promise.all(abandoned.map(({ id }) => eraseSession(id)));
  abandoned = [];
  renderOffer();
  byId("choose").focus();
}

// All that this browser has stored, except what other tabs have open.
async function eraseEverything() {
  for (const clip of [...clips]) clip.remove();
  for (const item of [...items]) removeItem(item);
  await eraseStoredSession();
  await forgetAbandoned();
  for (const name of ["settings", "theme", "ground", "looks", "language", "no-shortcuts"]) localSettings.set(name, null);
  sessionSettings.set("settings", null);
  renderLooks();
  byId("keys").close();
  setStatus(text.erased);
}
