// Requests to the API for a clip, from its settings and its key frames.

// Formats of results, and whether they hold transparency; see docs/video.md.
export const FORMATS = { webm: true, prores: true, mp4: false };
export const PAINTS = ["transparent", "white", "black", "blur", "colour"];
export const DEFAULTS = { paint: "transparent", colour: "#9fc7b8", format: "webm", model: "" };
const BLUR = "blur(4%)";

export const canHold = (format, paint) => paint !== "transparent" || FORMATS[format];

// { path, fields, id }: where the request goes, its plain fields, and all of it as one string, which tells whether a result is
// still what the settings ask for.
export function clipRequest(settings, keys) {
  const { paint, colour, format, model } = settings;
  const fields = { format, background: paint === "colour" ? colour : paint === "blur" ? BLUR : paint };
  if (model) fields.model = model;
  if (keys.length) fields.keys = JSON.stringify(Object.fromEntries(keys.map((key) => [keyName(key.time), keyFields(key)])));
  const path = keys.length ? "/v1/rotoscopings" : "/v1/videos";
  return { path, fields, id: JSON.stringify([path, fields]) };
}

// A key frame is named by its time, since browsers do not number frames.
const keyName = (time) => `${time.toFixed(4)}s`;

function keyFields({ marks }) {
  const fields = {};
  for (const mode of ["keep", "drop"]) {
    const points = marks.filter((mark) => mark.mode === mode).map(({ point: [x, y] }) => `${x.toFixed(2)}%,${y.toFixed(2)}%`);
    if (points.length) fields[mode] = points.join(" ");
  }
  return fields;
}
