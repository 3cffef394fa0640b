// What the server makes at most, once it is known.
import { isDeviceOnly } from "./device_mode.js";

let limits = { max_pixels: Infinity, max_video_bytes: Infinity, max_video_seconds: Infinity };

// `answer` is the server's to GET /v1/photographs.
export const setLimits = (answer) => { limits = answer; };

// Of a clip; no bytes where the server takes none.
export const clipLimits = () => ({ bytes: limits.max_video_bytes ?? 0, seconds: limits.max_video_seconds ?? Infinity });

// The most pixels of a result in millions, where so many are too many; null where they can be made.
export const exceededMegapixels = (width, height) => (!isDeviceOnly() && width * height > limits.max_pixels ? Math.floor(limits.max_pixels / 1e6) : null);
