// Light and colour as a CSS filter, until the server's result is there: exposure and contrast by the server's curves
// (enhancement/tone_adjustment.py), but channel by channel.
import { byId } from "./dom.js";

const POINTS = 65, SHOULDER_START = 0.75;
let shownCurve = "";

export function adjustmentFilter(settings) {
  const numberOf = (name) => Number(settings.get(name)), parts = [];
  if (!["all", "subject"].includes(settings.get("only"))) return "none";
  const exposure = numberOf("exposure"), contrast = numberOf("contrast") / 100;
  if (exposure || contrast) parts.push(showCurve(exposure, contrast));
  if (numberOf("saturation") || numberOf("vibrance")) parts.push(`saturate(${Math.max(0, 1 + numberOf("saturation") / 100 + numberOf("vibrance") / 200)})`);
  return parts.join(" ") || "none";
}

// Sets the curve of the document's filter, and returns this as CSS.
function showCurve(exposure, contrast) {
  const key = `${exposure} ${contrast}`;
  if (key !== shownCurve) {
    const values = Array.from({ length: POINTS }, (_, i) => toneCurve(i / (POINTS - 1), 2 ** exposure, contrast).toFixed(4)).join(" ");
    for (const channel of byId("tone").querySelectorAll("feFuncR, feFuncG, feFuncB")) channel.setAttribute("tableValues", values);
    shownCurve = key;
  }
  return "url(#tone)";
}

// On a value as it is encoded, 0 to 1.
function toneCurve(value, gain, contrast) {
  const encoded = encodeSrgb(applyGain(decodeSrgb(value), gain));
  return encoded - (0.9 / (2 * Math.PI)) * contrast * Math.sin(2 * Math.PI * encoded);
}

// Above the shoulder it approaches 1.
function applyGain(light, gain) {
  const gained = light * gain, knee = Math.max(light, SHOULDER_START), headroom = Math.max(1 - knee, 1e-6), excess = gained - knee;
  return excess > 0 ? Math.min(1, knee + (headroom * excess) / (headroom + excess)) : gained;
}

const decodeSrgb = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const encodeSrgb = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
