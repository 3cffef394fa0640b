// Where photographs are cut out: by the server; on this device first, until the server's better cutout is there; or on this
// device only, and nothing is uploaded.
import { canCutHere } from "./device_network.js";
import { IS_LOCAL } from "./dom.js";
import { site } from "./site.js";
import { localSettings } from "./storage.js";

const SETTING = "device"; // "only", or "first" to have the device's cutout first even where the server is this computer
let isOnly = !site.hasServer || (canCutHere() && localSettings.get(SETTING) === "only");

export const isDeviceOnly = () => isOnly;

// Whether the device's cutout is shown until the server's is there. A server on this computer needs no line, and its
// processors are those of the device.
export const cutsHereFirst = () => !isOnly && canCutHere() && (!IS_LOCAL || localSettings.get(SETTING) === "first");

// Whether there is a choice.
export const canChooseDevice = () => site.hasServer && canCutHere();

export function setDeviceOnly(value) {
  isOnly = value;
  localSettings.set(SETTING, value ? "only" : null);
}
