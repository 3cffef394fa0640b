// A photograph by its address, where the server fetches: the server gets it, and the page has it from there.
import { ApiError, getBlob, submit } from "./api.js";
import { byId } from "./dom.js";
import { text } from "./strings.js";

const PATH = "/v1/photographs";
let onFetched = () => {};

// `fetchedListener(file, photographId)` receives a photograph that the server has.
export function initAddressInput(fetchedListener) {
  onFetched = fetchedListener;
  byId("address-get").addEventListener("click", fetchPhotograph);
  byId("address").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    fetchPhotograph();
  });
}

export const offerAddresses = (isOffered) => { byId("addresses").hidden = !isOffered; };

async function fetchPhotograph() {
  const address = byId("address").value.trim(), note = byId("address-note");
  if (!address) return byId("address").focus();
  note.textContent = text.addressFetching;
  try {
    const form = new FormData();
    form.set("image_url", address);
    const { id } = await (await submit(PATH, form, () => {}, () => {})).json(), blob = await getBlob(`${PATH}/${id}`);
    if (!blob) throw new ApiError(...text.problems.photograph_unknown, "photograph_unknown");
    note.textContent = byId("address").value = "";
    return onFetched(new File([blob], nameOf(address, blob.type), { type: blob.type }), id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    note.textContent = sayProblem(error);
    return byId("address").focus();
  }
}

// For the server, no picture at an address is a picture that was not sent.
function sayProblem({ code, message, remedy }) {
  const [problem, advice] = code === "image_missing" ? text.addressEmpty : [message, remedy ?? ""];
  return `${problem} ${advice}`;
}

// The last part of the address, with the ending of what it is.
function nameOf(address, type) {
  const last = decodeURIComponent(/([^/?#]*)([?#].*)?$/.exec(address)[1]).replace(/\.\w+$/, "") || "photo";
  return `${last}.${type.split("/")[1].replace("jpeg", "jpg").replace(/\+.*/, "")}`;
}
