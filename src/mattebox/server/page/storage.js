// Values remembered by this browser, for ever or for this tab. Without storage (private windows) nothing is remembered.
export const localSettings = safeStorage(() => localStorage);
export const sessionSettings = safeStorage(() => sessionStorage);

// `getStorage` is called each time, because the mere access throws where storage is forbidden.
function safeStorage(getStorage) {
  return {
    get(name) {
      try { return getStorage().getItem(`mattebox-${name}`); } catch { return null; }
    },
    // null removes the value.
    set(name, value) {
      try { value === null ? getStorage().removeItem(`mattebox-${name}`) : getStorage().setItem(`mattebox-${name}`, value); } catch { /* not remembered */ }
    },
  };
}
