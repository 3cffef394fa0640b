// The switch "On this device only", and what the page shows with it. Where there is no server it is always on.
import { abortUploads, retryNow } from "./api.js";
import { canChooseDevice, cutsHereFirst, isDeviceOnly, setDeviceOnly } from "./device_mode.js";
import { findDeviceFormats } from "./device_formats.js";
import { canCutHere, warmUp } from "./device_network.js";
import { byId } from "./dom.js";
import { refreshControls } from "./form.js";
import { items } from "./items.js";
import { keepPageOffline } from "./offline.js";
import { erasePhotograph } from "./photographs.js";
import { showPromise } from "./theme_and_text.js";

const switches = () => document.querySelectorAll(".device-switch input");

// `onSwitched` is called after a change.
export function initDeviceSwitch(onSwitched) {
  for (const input of switches()) {
    input.closest("label").hidden = !canChooseDevice();
    input.addEventListener("change", () => change(input.checked, onSwitched));
  }
  byId("go-device").addEventListener("click", () => change(true, onSwitched));
  show();
  findDeviceFormats(refreshControls);
  if (isDeviceOnly() || matchMedia("(display-mode: standalone)").matches) keepPageOffline();
}

// Loads the network before a photograph is there: it will be needed soon.
export function prepareNetwork() {
  if (canCutHere() && (isDeviceOnly() || cutsHereFirst())) warmUp();
}

function change(isOnly, onSwitched) {
  setDeviceOnly(isOnly);
  show();
  if (isOnly) {
    abortUploads();
    items.forEach(erasePhotograph);
    keepPageOffline();
    prepareNetwork();
  }
  retryNow();
  for (const item of items) item.failure = null;
  onSwitched();
}

function show() {
  for (const input of switches()) input.checked = isDeviceOnly();
  document.body.classList.toggle("device-only", isDeviceOnly());
  byId("device-note").hidden = !isDeviceOnly();
  showPromise();
  refreshControls();
}
