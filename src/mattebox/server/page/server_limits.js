// What the server makes at most, once it is known.
import { isDeviceOnly } from "./device_mode.js";

let maxPixels = Infinity;

export const setMaxPixels = (count) => { maxPixels = count; };

// The most pixels of a result in millions, where so many are too many; null where they can be made.
export const exceededMegapixels = (width, height) => (!isDeviceOnly() && width * height > maxPixels ? Math.floor(maxPixels / 1e6) : null);
