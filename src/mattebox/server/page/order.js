// What the controls say, as the request that is sent for one photograph. Knows the form and the API, nothing of how
// results are shown.

const DEVELOPING = ["exposure", "contrast", "highlights", "shadows", "saturation", "sharpen"];
const PARTS = { light: "light_only", exposure: "light_only", contrast: "light_only", highlights: "light_only",
  shadows: "light_only", balance: "balance_only", saturation: "colour_only", style: "style_only", sharpen: "sharpen_only" };
export const AS_IT_IS = "original"; // the paint that stands for not cutting at all

// { place, form }: where the request goes, and its fields. `paint` is the chosen background, `backdrop` a picture of one's own.
export function order(item, controls, paint, backdrop) {
  const form = new FormData(), whole = paint === AS_IT_IS && !backdrop && !controls.get("preset");
  form.set("image", item.file);
  developed(form, controls);
  if (whole) {
    if (!form.has("restore")) form.set("restore", "none"); // a step that is named: nothing else is done
    if (controls.get("format") !== "auto") form.set("format", controls.get("format"));
    return { place: "/v1/enhancements", form };
  }
  form.set("model", controls.get("model"));
  form.set("empty", "keep");
  for (const kind of ["keep", "drop"]) {
    const marks = item.marks.filter((m) => m.mode === kind).map((m) => m.points.map(([x, y]) => `${x.toFixed(2)}%,${y.toFixed(2)}%`).join("/"));
    if (marks.length) form.set(kind, marks.join(" "));
  }
  if (controls.get("preset")) {
    form.set("preset", controls.get("preset"));
    if (controls.get("format") !== "auto") form.set("format", controls.get("format"));
  } else {
    composed(form, controls);
  }
  const opaque = controls.get("format") === "jpg";
  if (backdrop) form.set("background_image", backdrop);
  else if (paint !== AS_IT_IS && (paint !== "transparent" || !controls.get("preset")))
    form.set("background", opaque && paint === "transparent" ? "white" : paint);
  return { place: "/v1/cutouts", form };
}

function developed(form, controls) {
  if (controls.has("auto")) for (const [name, value] of [["restore", "auto"], ["balance", "auto"], ["light", "auto"]]) form.set(name, value);
  for (const name of DEVELOPING) if (Number(controls.get(name))) form.set(name, controls.get(name));
  for (const name of ["upscale", "style"]) if (controls.get(name) !== "none") form.set(name, controls.get(name));
  if (form.has("style")) form.set("style_strength", controls.get("style_strength"));
  const only = controls.get("only");
  if (only !== "all") for (const [name, part] of Object.entries(PARTS)) if (form.has(name)) form.set(part, only);
}

function composed(form, controls) {
  form.set("format", controls.get("format") === "auto" ? "png" : controls.get("format"));
  form.set("shadow", controls.get("shadow"));
  form.set("shadow_opacity", controls.get("shadow_opacity"));
  form.set("outline", `${controls.get("outline") / 10}%`);
  form.set("crop", String(controls.has("crop")));
  if (controls.has("crop")) form.set("margin", `${controls.get("margin")}%`);
  form.set("aspect", controls.get("aspect"));
}

// What the sliders will do, roughly, at once: a CSS filter for the time until the result is there.
export function preview(controls, sent) {
  const by = (name) => Number(controls.get(name)) - Number(sent?.[name] ?? 0);
  const bright = 2 ** (by("exposure") / 2.2), steep = 1 + by("contrast") / 250, rich = Math.max(0, 1 + by("saturation") / 100);
  return bright === 1 && steep === 1 && rich === 1 ? "none" : `brightness(${bright}) contrast(${steep}) saturate(${rich})`;
}

export const state = (controls) => Object.fromEntries(["exposure", "contrast", "saturation"].map((n) => [n, controls.get(n)]));
