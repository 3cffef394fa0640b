// What this browser can tell of a clip's file: its length, its size, and a picture of it.
import { createElement } from "./dom.js";

const POSTER_SECONDS = 1; // or a third of a shorter clip: the first frame is often black
const FAR_SECONDS = 1e7; // beyond any end

// { duration, width, height, poster }, the last a canvas; null where this browser cannot show the clip.
export async function readClip(url) {
  const video = createElement("video", { muted: true, playsInline: true, preload: "auto", src: url });
  try {
    await eventOf(video, "loadeddata");
    if (!Number.isFinite(video.duration)) await seek(video, FAR_SECONDS); // of a recorder's files it is known only then
    const { duration, videoWidth: width, videoHeight: height } = video;
    if (!width || !Number.isFinite(duration)) return null;
    await seek(video, Math.min(POSTER_SECONDS, duration / 3));
    const poster = createElement("canvas", { width, height });
    poster.getContext("2d").drawImage(video, 0, 0);
    return { duration, width, height, poster };
  } catch (error) {
    console.info(`the clip cannot be shown here: ${error.message}`);
    return null;
  } finally {
    video.removeAttribute("src");
    video.load();
  }
}

function seek(video, seconds) {
  const arrived = eventOf(video, "seeked");
  video.currentTime = seconds;
  return arrived;
}

const eventOf = (video, type) => new Promise((resolve, reject) => {
  video.addEventListener(type, resolve, { once: true });
  video.addEventListener("error", () => reject(new Error(video.error?.message || "unknown format")), { once: true });
});
