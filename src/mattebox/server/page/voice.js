// Requests by voice, where the browser recognises speech on this device: nothing that is said is sent anywhere. Elsewhere
// there is no button. What is heard is read as if it had been typed, and its plan is shown before anything is done.
import { byId } from "./dom.js";
import { text } from "./strings.js";

let recognition = null, callbacks = {};

// `handlers` has onHeard(words) and onSaid(message).
export async function initVoice(handlers) {
  callbacks = handlers;
  byId("speak").addEventListener("click", () => (recognition ? recognition.stop() : listen()));
  await showVoice();
}

// Shows the button where speech in the language of the page is recognised here.
export async function showVoice() {
  byId("speak").hidden = !(await isRecognisedHere());
}

async function isRecognisedHere() {
  const { SpeechRecognition } = window;
  if (!SpeechRecognition?.available || !("processLocally" in SpeechRecognition.prototype)) return false;
  return SpeechRecognition.available({ langs: [text.speechLanguage], processLocally: true }).then((state) => state === "available", () => false);
}

function listen() {
  recognition = Object.assign(new window.SpeechRecognition(), { lang: text.speechLanguage, processLocally: true, interimResults: false });
  recognition.addEventListener("result", ({ results }) => callbacks.onHeard(results[0][0].transcript));
  recognition.addEventListener("error", ({ error }) => callbacks.onSaid(error === "not-allowed" ? text.voiceRefused : text.voiceFailed));
  recognition.addEventListener("end", () => { recognition = null; update(); });
  recognition.start();
  callbacks.onSaid(text.listening);
  update();
}

const update = () => byId("speak").setAttribute("aria-pressed", String(Boolean(recognition)));
