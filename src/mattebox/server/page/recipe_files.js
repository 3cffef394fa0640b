// Recipe files, as the command line has them: one is opened in place of a preset, and the settings are saved as one.
import { ApiError, submit } from "./api.js";
import { byId } from "./dom.js";
import { downloadBlob } from "./results.js";
import { text } from "./strings.js";

const OF_ONE_PHOTOGRAPH = ["keep", "drop", "crop_to"]; // not part of a recipe
let callbacks = {};

// `handlers` has onOpened({ recipe, recipe_cut, recipe_name }), settings that stand for the recipe; getRequest(), the request
// that the settings make, with its backdrop; and onSaid(message).
export function initRecipeFiles(handlers) {
  callbacks = handlers;
  byId("recipe-open").addEventListener("click", () => byId("recipe-file").click());
  byId("recipe-save").addEventListener("click", save);
  byId("recipe-file").addEventListener("change", ({ target }) => { if (target.files[0]) open(target.files[0]); target.value = ""; });
}

async function open(file) {
  const content = await file.text(), built = await build({ recipe: content });
  if (!built) return;
  const name = built.title || file.name.replace(/\.\w+$/, "");
  callbacks.onOpened({ recipe: content, recipe_cut: built.cuts ? "yes" : "no", recipe_name: name });
  callbacks.onSaid(text.recipeOpened(name));
}

async function save() {
  const { path, fields, backdrop } = callbacks.getRequest(), sent = Object.fromEntries(Object.entries(fields).filter(([name]) => !OF_ONE_PHOTOGRAPH.includes(name)));
  if (backdrop) sent.background = backdrop.file.name;
  const built = await build({ ...sent, cut: String(path.endsWith("cutouts")) });
  if (!built) return;
  const name = `${text.recipeFileName}.toml`;
  downloadBlob(new Blob([built.toml], { type: "application/toml" }), name);
  callbacks.onSaid(text.downloaded(name));
}

// The server's recipe of fields; null where it cannot be made, which is said.
async function build(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  try {
    return await (await submit("/v1/recipes:build", form, () => {}, () => {})).json();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    callbacks.onSaid(`${error.message} ${error.remedy ?? ""}`);
    return null;
  }
}
