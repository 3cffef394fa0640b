// The results of one photograph, by the request that they answer: undo and redo find earlier ones here.
const MAX_RESULTS = 24, MAX_BYTES = 64_000_000; // older ones are dropped, but for those that are pinned
const MAX_TOTAL_BYTES = 300_000_000; // of all photographs: then those of others go, the least recently used photograph's first
const used = new Set(); // all of them, from the least recently used one
const PREVIEW = " preview";

export class ItemResults {
  // `pinned` returns results that must stay.
  constructor(pinned) {
    this.pinned = pinned;
    this.byId = new Map(); // from the least recently used one; a preview's id ends with PREVIEW
    used.add(this);
  }

  get size() { return this.byId.size; }

  // The result for a request's id: in full size where that is here, else a preview of it; undefined without either.
  get(id) {
    const key = this.byId.has(id) ? id : id + PREVIEW, result = this.byId.get(key);
    if (result) this.byId.delete(key), this.byId.set(key, result);
    return result;
  }

  getFull(id) { return this.byId.get(id); }

  add(id, result) {
    this.byId.set(result.isShrunk ? id + PREVIEW : id, result);
    used.delete(this), used.add(this);
    this.drop(() => this.byId.size > MAX_RESULTS || this.byteCount() > MAX_BYTES, result);
    const isOver = () => [...used].reduce((sum, results) => sum + results.byteCount(), 0) > MAX_TOTAL_BYTES;
    for (const results of used) if (results !== this) results.drop(isOver);
  }

  // Drops the least recently used results, but for those that are pinned, as long as there are too many.
  drop(isTooMuch, added = null) {
    for (const [key, oldest] of [...this.byId]) {
      if (!isTooMuch()) return;
      if (oldest === added || this.pinned().includes(oldest)) continue;
      this.byId.delete(key);
      URL.revokeObjectURL(oldest.url);
    }
  }

  clear() {
    for (const { url } of this.byId.values()) URL.revokeObjectURL(url);
    this.byId.clear();
    used.delete(this);
  }

  byteCount() {
    return [...this.byId.values()].reduce((sum, { blob }) => sum + blob.size, 0);
  }
}
