// What this browser stores of photographs: IndexedDB, by session (one for each tab). Each function rejects where the
// browser has no storage or no room.
const DATABASE = "mattebox", VERSION = 1;
export const ITEM_STORES = ["files", "items", "results"]; // of a photograph, by its id: the file, its marks, results
let opened = null;

function openDatabase() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("sessions", { keyPath: "id" });
      for (const name of ITEM_STORES) request.result.createObjectStore(name, { keyPath: "id" }).createIndex("session", "session");
    };
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = database.onclose = () => { database.close(); opened = null; };
      resolve(database);
    };
    request.onerror = request.onblocked = () => { opened = null; reject(request.error ?? new Error("the database is blocked")); };
  });
  return opened;
}

// Runs `act(transaction)`; resolves when the transaction is on the disk, to the result of the request that `act` returns.
async function runTransaction(storeNames, mode, act) {
  const transaction = (await openDatabase()).transaction(storeNames, mode, { durability: "strict" });
  return new Promise((resolve, reject) => {
    const request = act(transaction);
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("not stored"));
  });
}

export const put = (store, record) => runTransaction([store], "readwrite", (t) => t.objectStore(store).put(record));
export const get = (store, id) => runTransaction([store], "readonly", (t) => t.objectStore(store).get(id));
export const getSessions = () => runTransaction(["sessions"], "readonly", (t) => t.objectStore("sessions").getAll());
export const getBySession = (store, session) => runTransaction([store], "readonly", (t) => t.objectStore(store).index("session").getAll(session));
export const countFiles = (session) => runTransaction(["files"], "readonly", (t) => t.objectStore("files").index("session").count(session));

export const eraseItem = (id) => runTransaction(ITEM_STORES, "readwrite", (t) => ITEM_STORES.forEach((name) => t.objectStore(name).delete(id)));

// Erases a session with all its photographs.
export const eraseSession = (session) => runTransaction(["sessions", ...ITEM_STORES], "readwrite", (t) => {
  t.objectStore("sessions").delete(session);
  for (const name of ITEM_STORES) {
    const cursor = t.objectStore(name).index("session").openKeyCursor(IDBKeyRange.only(session));
    cursor.onsuccess = () => {
      if (!cursor.result) return;
      t.objectStore(name).delete(cursor.result.primaryKey);
      cursor.result.continue();
    };
  }
});
