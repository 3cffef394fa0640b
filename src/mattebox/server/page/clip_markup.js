// The elements of a clip's view, which stands in the place of the viewer, and of its panel, in that of the controls.
import { clipText } from "./clip_text.js";
import { byId, createElement } from "./dom.js";
import { text } from "./strings.js";

const icon = (name) => `<svg aria-hidden="true"><use href="#i-${name}"/></svg>`;
const VIEW = `
  <svg hidden aria-hidden="true"><symbol id="i-play" viewBox="0 0 24 24"><path d="M8 5v14l11-7z" fill="currentColor"/></symbol>
    <symbol id="i-pause" viewBox="0 0 24 24"><path d="M8 5v14M16 5v14"/></symbol>
    <symbol id="i-previous" viewBox="0 0 24 24"><path d="m16 8 4 4-4 4-4-4zM8 7l-5 5 5 5"/></symbol><symbol id="i-next" viewBox="0 0 24 24"><path d="m8 8 4 4-4 4-4-4zM16 7l5 5-5 5"/></symbol>
    <symbol id="i-delete" viewBox="0 0 24 24"><path d="m12 5 7 7-7 7-7-7zM10 10l4 4M14 10l-4 4"/></symbol></svg>
  <div id="clip-stage" tabindex="0" role="group" data-clip-label="stage">
    <div id="clip-picture"><video id="clip-video" muted playsinline preload="auto" tabindex="-1"></video><div id="clip-marks" aria-hidden="true"></div></div>
    <div id="clip-message" role="alert" hidden>${icon("bad")}<strong></strong><p></p></div>
    <div id="clip-busy" aria-hidden="true" hidden><i></i><span></span></div>
  </div>
  <div id="clip-line" role="group" data-clip-label="line" dir="ltr">
    <button id="clip-play" type="button" class="plain"><svg aria-hidden="true"><use/></svg></button>
    <div id="clip-track"><div id="clip-keys" role="group" data-clip-label="keys" hidden></div><input id="clip-time" type="range" min="0" max="1" step="any" value="0" data-clip-label="time"></div>
    <output id="clip-clock"></output>
  </div>
  <div id="clip-foot">
    <div id="clip-tools" class="group" role="group" data-clip-label="keyTools">
      <button id="clip-keep" type="button" class="tool" data-tool-kind="keep" aria-pressed="false">${icon("keep")}<span data-main-text="keep"></span></button>
      <button id="clip-drop" type="button" class="tool" data-tool-kind="drop" aria-pressed="false">${icon("drop")}<span data-main-text="dropIt"></span></button>
      <button id="clip-previous" type="button" class="plain" data-clip-label="previousKey" hidden>${icon("previous")}</button>
      <button id="clip-next" type="button" class="plain" data-clip-label="nextKey" hidden>${icon("next")}</button>
      <button id="clip-delete" type="button" class="plain" data-clip-label="deleteKey" hidden>${icon("delete")}</button>
    </div>
    <p id="clip-status" role="status" aria-live="polite"></p>
    <div id="clip-shown" class="group" role="group" data-clip-label="showing" hidden>
      <button id="clip-original" type="button" class="option" data-clip-text="original"></button><button id="clip-result" type="button" class="option" data-clip-text="result"></button>
    </div>
  </div>`;
const PANEL = `
  <div id="clip-settings">
    <h2 id="clip-name"></h2><p id="clip-facts"></p>
    <label class="row"><span data-main-text="background"></span><select name="paint"></select></label>
    <label class="row" id="clip-colour"><span></span><input type="color" name="colour"></label>
    <label class="row"><span data-main-text="format"></span><select name="format"></select></label>
    <p id="clip-use" class="small"></p>
    <label class="row"><span></span><select name="model"></select></label>
    <p id="clip-key-note" class="small" data-clip-text="keyNote"></p>
    <p id="clip-goes" class="small"></p>
  </div>
  <div id="clip-hindrance" class="note" hidden><span></span> <button id="clip-server" type="button" data-clip-text="useServer"></button></div>
  <div id="clip-actions">
    <progress id="clip-progress" max="1" hidden></progress>
    <button id="clip-cut" type="button" class="main"></button>
    <button id="clip-cancel" type="button" hidden data-main-text="cancel"></button>
    <button id="clip-download" type="button" hidden>${icon("save")} <span data-main-text="download"></span></button>
  </div>`;

// Puts the elements into the document, with their styles.
export async function insertClipView() {
  await insertStyles();
  byId("batch").before(createElement("section", { id: "clip", innerHTML: VIEW, hidden: true }));
  document.querySelector("main").append(createElement("form", { id: "clip-panel", innerHTML: PANEL, hidden: true }));
  byId("clip-video").muted = true; // the attribute alone is not heeded here
  fillInClipTexts();
}

// Texts that do not depend on the clip, in the language that is shown.
export function fillInClipTexts() {
  for (const node of document.querySelectorAll("[data-clip-text]")) node.textContent = clipText()[node.dataset.clipText];
  for (const node of document.querySelectorAll("[data-main-text]")) node.textContent = text[node.dataset.mainText];
  for (const node of document.querySelectorAll("[data-clip-label]")) node.setAttribute("aria-label", clipText()[node.dataset.clipLabel]);
  for (const node of document.querySelectorAll("button[data-clip-label]")) node.title = clipText()[node.dataset.clipLabel];
  byId("clip").setAttribute("aria-label", clipText().stage);
  byId("clip-panel").setAttribute("aria-label", clipText().panel);
}

function insertStyles() {
  const link = createElement("link", { rel: "stylesheet", href: new URL("clips.css", import.meta.url).href });
  return new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => { link.remove(); reject(new Error("the styles of clips did not load")); });
    document.head.append(link);
  });
}
