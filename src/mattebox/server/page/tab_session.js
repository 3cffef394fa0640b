// The session of this tab, under which its photographs, marks and settings are stored. A reloaded tab, or one that the
// browser restores after a crash, has its session again; a copied tab gets its own. While a tab lives it holds a lock,
// so that no other takes its session up or erases it.
import { countFiles, eraseSession, getSessions } from "./database.js";
import { sessionSettings } from "./storage.js";

export const KEEP_DAYS = 7; // a session that no tab has used
const DAY_MS = 86_400_000, RELOAD_MS = 600, RETRY_MS = 100;
const IDLE_MS = 600_000; // without locks (no https): a session that was not used for so long is no other tab's
const LOCK_PREFIX = "mattebox-session-";

// The session's id of this tab, which is new where it had none or another tab has it.
export async function takeTabSession() {
  const remembered = sessionSettings.get("session");
  if (remembered && (await holdAfterReload(remembered))) return remembered;
  return holdNewSession();
}

async function holdNewSession() {
  const id = createId();
  await holdSession(id);
  sessionSettings.set("session", id);
  return id;
}

// Takes a session that no other tab has; false where one has.
export async function adoptSession(id) {
  if (!(await holdSession(id))) return false;
  sessionSettings.set("session", id);
  return true;
}

// The sessions with photographs that no tab has, as [{ id, count }], the last one used first. Those that are too old are erased.
export async function listAbandonedSessions(ownId) {
  const held = await heldSessions(), now = Date.now(), abandoned = [];
  const isHeld = ({ id, usedAt }) => (held ? held.has(id) : now - usedAt < IDLE_MS);
  for (const session of (await getSessions()).sort((a, b) => b.usedAt - a.usedAt)) {
    if (session.id === ownId || isHeld(session)) continue;
    const count = now - session.usedAt > KEEP_DAYS * DAY_MS ? 0 : await countFiles(session.id);
    if (count) abandoned.push({ id: session.id, count });
    else await eraseSession(session.id);
  }
  return abandoned;
}

export const createId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// The page that was here before a reload may hold its lock for a moment.
async function holdAfterReload(id) {
  for (const end = performance.now() + RELOAD_MS; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, RETRY_MS))) {
    if (await holdSession(id)) return true;
  }
  return false;
}

// Holds the lock of a session as long as the tab lives; false where another tab holds it.
function holdSession(id) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request(LOCK_PREFIX + id, { ifAvailable: true }, (lock) => {
      resolve(Boolean(lock));
      return lock && new Promise(() => {});
    });
  });
}

async function heldSessions() {
  if (!navigator.locks) return null;
  const { held } = await navigator.locks.query();
  return new Set(held.map(({ name }) => name.replace(LOCK_PREFIX, "")));
}
