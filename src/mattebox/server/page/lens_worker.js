// The worker that blurs as a lens does. Messages are { scene, source, lens }: the scene's key; { photograph, cutout, depth,
// contactRow } with the first two as ImageData (the cutout null without one), where the scene is new, else null; and
// the lens. See photograph_blur.js. Answers are { result } with the pixels, or { error }.
import { blurScene, prepareScene } from "./photograph_blur.js";

const MAX_SCENES = 2; // that are kept: a rough and a fine one of the same photograph
const scenes = new Map();

self.onmessage = ({ data: { scene, source, lens } }) => {
  try {
    if (source) keepScene(scene, source);
    const pixels = blurScene(scenes.get(scene), lens);
    self.postMessage({ result: pixels }, [pixels.buffer]);
  } catch (error) {
    self.postMessage({ error: { name: error.name, message: error.message } });
  }
};

function keepScene(key, { photograph, cutout, depth, contactRow }) {
  if (scenes.size >= MAX_SCENES) scenes.delete(scenes.keys().next().value);
  scenes.set(key, prepareScene(photograph.data, cutout?.data ?? null, photograph.width, photograph.height, depth, contactRow));
}
