// What the controls say, as the request that is sent for one photograph, and as a rough picture of its outcome in CSS.
// Knows the form's names and the API's, nothing of how results are shown.

const DEVELOPING = ["exposure", "contrast", "highlights", "shadows", "clarity", "saturation", "vibrance", "sharpen"];
const PARTS = { light: "light_only", exposure: "light_only", contrast: "light_only", highlights: "light_only", shadows: "light_only",
  clarity: "light_only", balance: "balance_only", saturation: "colour_only", vibrance: "colour_only", style: "style_only", sharpen: "sharpen_only" };
const FRAMING = ["crop", "aspect", "outline"];
export const AS_IT_IS = "original"; // the paint that stands for not cutting at all

// Is anything cut? A preset cuts, whatever lies behind.
export const cuts = (said) => said.get("paint") !== AS_IT_IS || Boolean(said.get("preset"));

// { place, fields, masks, id }: where the request goes, its plain fields, the strokes that become masks, and all of it
// as one string, by which an answer is known to be still what is wanted.
export function order(item, said, backdrop) {
  const fields = {};
  developed(fields, said);
  if (!cuts(said)) {
    if (!("restore" in fields)) fields.restore = "none"; // a step that is named: nothing else is done
    if (said.get("format") !== "auto") fields.format = said.get("format");
    return known({ place: "/v1/enhancements", fields, masks: [] });
  }
  Object.assign(fields, cut(item, said));
  if (said.get("preset")) fields.preset = said.get("preset");
  else composed(fields, said);
  if (said.get("format") !== "auto") fields.format = said.get("format");
  painted(fields, said, backdrop);
  return known({ place: "/v1/cutouts", fields, masks: brushed(item), backdrop: fields.background ? null : lying(said, backdrop) });
}

// The cutout alone, as a PNG of the photograph's own size: what is shown before any background while the rest is done.
export function cutting(item, said) {
  const fields = { ...cut(item, said), format: "png", background: "transparent" };
  return known({ place: "/v1/cutouts", fields, masks: brushed(item), backdrop: null });
}

// The photograph itself, for browsers that cannot show its format.
export const looking = () => known({ place: "/v1/enhancements", fields: { restore: "none", format: "jpg" }, masks: [] });

function known(made) {
  const sorted = Object.entries(made.fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...made, id: JSON.stringify([made.place, sorted, made.masks, made.backdrop?.id ?? null]) };
}

const lying = (said, backdrop) => (said.get("paint") === "picture" ? backdrop : null);
const brushed = (item) => item.marks.filter((m) => m.size);

// Without a model, the server's own.
function cut(item, said) {
  const fields = { empty: "keep" };
  if (said.get("model")) fields.model = said.get("model");
  for (const kind of ["keep", "drop"]) {
    const marks = item.marks.filter((m) => m.mode === kind && !m.size).map((m) => m.points.map(([x, y]) => `${x.toFixed(2)}%,${y.toFixed(2)}%`).join("/"));
    if (marks.length) fields[kind] = marks.join(" ");
  }
  return fields;
}

function developed(fields, said) {
  if (said.has("auto")) Object.assign(fields, { restore: "auto", balance: "auto", light: "auto" });
  for (const name of DEVELOPING) if (Number(said.get(name))) fields[name] = said.get(name);
  for (const name of ["upscale", "style"]) if (said.get(name) !== "none") fields[name] = said.get(name);
  if (fields.style) fields.style_strength = said.get("style_strength");
  const only = said.get("only");
  if (only !== "all") for (const [name, part] of Object.entries(PARTS)) if (name in fields) fields[part] = only;
}

function composed(fields, said) {
  fields.format = "png";
  if (said.get("shadow") !== "none") for (const name of ["shadow", "shadow_opacity", "shadow_softness"]) fields[name] = said.get(name);
  if (Number(said.get("outline"))) fields.outline = `${said.get("outline") / 10}%`;
  if (said.has("crop")) Object.assign(fields, { crop: "true", margin: `${said.get("margin")}%` });
  if (said.get("aspect") !== "original") fields.aspect = said.get("aspect");
}

// With a preset, a background is only sent where one was chosen.
function painted(fields, said, backdrop) {
  const paint = said.get("paint"), opaque = said.get("format") === "jpg";
  if (paint === "picture" && backdrop) {
    if (Number(said.get("harmonise"))) fields.harmonise = said.get("harmonise");
    return;
  }
  const clear = ["transparent", "picture", AS_IT_IS].includes(paint);
  if (clear && said.get("preset")) return;
  fields.background = clear ? (opaque ? "white" : "transparent") : paint === "colour" ? said.get("colour") : paint === "blur" ? `blur(${said.get("blur")}%)` : paint;
}

// ---- the outcome, roughly, at once

// May the bare cutout stand for the result, with `behind` laid under it? Not where the frame or more than light changes.
export function standsIn(said) {
  return !said.get("preset") && !FRAMING.some((n) => said.get(n) && !["0", "original"].includes(said.get(n))) && said.get("style") === "none";
}

// What lies behind, as CSS: { paint, picture, blur }.
export function behind(said, backdrop) {
  const paint = said.get("paint"), opaque = said.get("format") === "jpg";
  if (paint === "picture") return { picture: backdrop?.url ?? null };
  if (paint === "blur") return { blur: Number(said.get("blur")) };
  if (paint === "colour") return { paint: said.get("colour") };
  if (paint === "studio") return { paint: "linear-gradient(#c4c7cc 55%, #f0f0f2 72%)" };
  if (paint === "transparent" || paint === AS_IT_IS) return { paint: opaque ? "white" : null };
  return { paint };
}

// Light, colour and a shadow behind, as a CSS filter.
export function filter(said) {
  const by = (name) => Number(said.get(name)), parts = [];
  if (said.get("only") === "all" || said.get("only") === "subject") {
    if (by("exposure")) parts.push(`brightness(${2 ** (by("exposure") / 2.2)})`);
    if (by("contrast")) parts.push(`contrast(${1 + by("contrast") / 250})`);
    if (by("saturation") || by("vibrance")) parts.push(`saturate(${Math.max(0, 1 + by("saturation") / 100 + by("vibrance") / 200)})`);
  }
  if (cuts(said) && said.get("shadow") === "drop") parts.push(`drop-shadow(1.5vmin 1.5vmin ${by("shadow_softness") / 3}vmin rgb(0 0 0 / ${by("shadow_opacity")}%))`);
  return parts.join(" ") || "none";
}
