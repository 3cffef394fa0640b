// The lens that the settings ask for. The photograph's own background blurs with the paint LENS, a picture behind a cutout
// with the setting `backdrop_bokeh`.
import { parsePlace } from "./places.js";

export const KEEP_BACKGROUND = "original"; // the paint that means: cut nothing out
export const LENS = "lens"; // the paint that means: nothing is cut out, and what is out of focus blurs
export const F_NUMBERS = ["16", "11", "8", "5.6", "4", "2.8", "2", "1.4", "1"]; // by the settings' values, from 0
const HIGHLIGHTS = 50; // percent, as the server's default

// Whether a preset or a recipe decides what the settings leave out.
export const hasBase = (settings) => Boolean(settings.get("preset") || settings.get("recipe"));

export const isLens = (settings) => settings.get("paint") === LENS && !hasBase(settings);

// Whether a picture behind the cutout is blurred, as if the subject had been photographed before it.
export const blursBackdrop = (settings) => settings.get("paint") === "picture" && Number(settings.get("backdrop_bokeh")) >= 0 && !hasBase(settings);

// { fNumber, shape, highlights, focus }, see photograph_blur.js.
export const lensOf = (settings) => ({
  fNumber: Number(F_NUMBERS[settings.get(isLens(settings) ? "bokeh" : "backdrop_bokeh")]), shape: (settings.get("bokeh_aperture") ?? "disc").replace("blades-", ""), highlights: HIGHLIGHTS,
  focus: isLens(settings) ? parsePlace(settings.get("bokeh_focus")) : null,
});

export const isTilted = (settings) => isLens(settings) && settings.get("bokeh_depth") === "tilt";

// The fields of a request to the server; empty where there is no lens.
export function lensFields(settings) {
  if (!isLens(settings) && !blursBackdrop(settings)) return {};
  const { fNumber, shape, focus } = lensOf(settings), fields = { bokeh: `f/${fNumber}`, bokeh_aperture: shape };
  if (isTilted(settings)) fields.bokeh_depth = "tilt";
  if (focus) fields.bokeh_focus = settings.get("bokeh_focus");
  return fields;
}
