// What this browser remembers, where it remembers anything: some do not, and then nothing is remembered.
export const kept = reader(() => localStorage), forNow = reader(() => sessionStorage);

function reader(storage) {
  return {
    get(name) {
      try { return storage().getItem(`mattebox-${name}`); } catch { return null; }
    },
    // null forgets it.
    set(name, value) {
      try { value === null ? storage().removeItem(`mattebox-${name}`) : storage().setItem(`mattebox-${name}`, value); } catch { /* nothing is remembered */ }
    },
  };
}
