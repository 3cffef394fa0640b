// What the server says of a photograph's scene, in the page's language.
import { text } from "./strings.js";

const NOT_CLEAR = /^scene: not clear(?: \(most like (\w+), (\d+)%\))?; nothing was set by it$/;
const FOUND = /^scene: (\w+)(?: \((\d+)%\))?, which sets (.+?)(?:; .*)?$/;

// `note` is the server's, in English; null where it is about something else.
export function sceneNote(note) {
  const unclear = note?.match(NOT_CLEAR);
  if (unclear) return text.sceneUnclear(text.scenes[unclear[1]] ?? null);
  const [, name, percent, values] = note?.match(FOUND) ?? [];
  if (!name) return null;
  const said = values === "nothing" ? [] : values.split(", ").map(describeValue);
  return text.sceneFound(text.scenes[name] ?? name, percent ?? null, said.join(", "));
}

// "crop" or "edges=network".
function describeValue(pair) {
  const [name, value] = pair.split("="), row = text.rows[name] ?? text.sceneRows[name] ?? name;
  return value === undefined ? row : `${row} ${text.sceneValues[value] ?? value.replace(/%$/, " %")}`;
}
