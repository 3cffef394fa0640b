// Key frames of a clip: marks on the frames that a person has chosen. Each function returns new keys, in the order of time.
// A key is { time, marks: [{ mode: "keep" or "drop", point: [x, y] in percent of the picture }] }.
const SAME_SECONDS = 0.005; // times of one frame, as players tell them

export const keyAt = (keys, time) => keys.find((key) => Math.abs(key.time - time) < SAME_SECONDS) ?? null;

// With one more mark, in a new key where the frame has none.
export function addMark(keys, time, mark) {
  const known = keyAt(keys, time), key = { time: known?.time ?? time, marks: [...(known?.marks ?? []), mark] };
  return [...keys.filter((other) => other !== known), key].sort((a, b) => a.time - b.time);
}

// Without a mark; its key goes with the last one.
export function removeMark(keys, key, mark) {
  const marks = key.marks.filter((other) => other !== mark);
  return marks.length ? keys.map((other) => (other === key ? { ...key, marks } : other)) : removeKey(keys, key);
}

export const removeKey = (keys, key) => keys.filter((other) => other !== key);

// The key before (-1) or after (1) a time; null without one.
export function neighbourKey(keys, time, offset) {
  const others = keys.filter((key) => (key.time - time) * offset >= SAME_SECONDS);
  return others.at(offset < 0 ? -1 : 0) ?? null;
}
