// What a result says of its photograph's scene, in the page's language.
import { text } from "./strings.js";

// `scene` is that of the result's metadata; null where none was asked for.
export function sceneNote(scene) {
  if (!scene) return null;
  const name = text.scenes[scene.name] ?? null;
  if (!scene.clear) return text.sceneUnclear(name);
  const percent = scene.probability < 1 ? Math.round(100 * scene.probability) : null;
  return text.sceneFound(name ?? scene.name, percent, Object.entries(scene.values).map(describeValue).join(", "));
}

function describeValue([name, value]) {
  const row = text.rows[name] ?? text.sceneRows[name] ?? name;
  return value === true ? row : `${row} ${text.sceneValues[value] ?? String(value).replace(/%$/, " %")}`;
}
