// Photographs on the server: each is sent once, when the first request needs it; later ones name it by its id.
import { ApiError, eraseAt, submit } from "./api.js";

const MAX_UPLOADS = 2; // of one photograph for one request; then it is sent with the request itself
const PATH = "/v1/photographs";

// Posts a form about an item's photograph and returns the response; see `submit`. A photograph that the server has
// erased meanwhile is sent again; one that it does not keep is sent with each request.
export async function submitAbout(item, path, form, onWait, onProgress) {
  for (let uploads = 0; ; uploads += 1) {
    const id = uploads < MAX_UPLOADS ? await photographId(item, onWait, onProgress) : null;
    form.delete("image_id");
    if (id) form.set("image_id", id);
    else form.set("image", item.file);
    try {
      return await submit(path, form, onWait, onProgress);
    } catch (error) {
      if (error.code !== "photograph_unknown" || !id) throw error;
      item.photographId = null;
    }
  }
}

// The id of an item's photograph, which is sent where it has none; null where the server keeps none.
async function photographId(item, onWait, onProgress) {
  if (item.photographId || item.isTooLargeToKeep) return item.photographId ?? null;
  const form = new FormData();
  form.set("image", item.file);
  try {
    const response = await submit(PATH, form, onWait, onProgress);
    item.photographId = (await response.json()).id;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "no_photographs") throw error;
    item.isTooLargeToKeep = true;
  }
  return item.photographId ?? null;
}

// Erases an item's photograph on the server, also while the page is being left.
export function erasePhotograph(item) {
  if (item.photographId) eraseAt(`${PATH}/${item.photographId}`);
  item.photographId = null;
}
