// All texts of the page: here in English, in german.js in German with the same keys. `text` holds those of the language
// shown; `setLanguage` exchanges them.
import { englishMessages } from "./english_messages.js";
import { german } from "./german.js";
import { localSettings } from "./storage.js";
import { KEEP_DAYS } from "./tab_session.js";

const english = {
  language: "en",
  languageName: "English",
  direction: "ltr",
  switchLanguage: "Language",

  // header and empty state
  promiseHere: "Your photographs stay on this computer.",
  promiseThere: (host) => `Your photographs go to ${host} and nowhere else.`,
  privacy: (host, minutes) => `Photographs are sent to ${host}, the machine this page comes from, and to no other: the page is not able to reach any. ` +
    "Each goes up once and stays there, encrypted with a key that only the running server holds, so that changes need no second upload. " +
    `It is erased when you remove it here or close the page${minutes ? `, and ${minutes} minutes after its last use at the latest` : ""}. ` +
    "Where the server queues large ones, they lie on its disk until the result is fetched. " +
    `So that nothing is lost, this browser keeps your photographs, marks and settings on this device, for ${KEEP_DAYS} days after you last had the page open; whoever uses this browser can see them.`,
  promiseDevice: "Nothing is uploaded: your photographs stay on this device.",
  privacyDevice: "Photographs are cut out on this device, by a small network that this page has loaded. They are sent nowhere. " +
    `So that nothing is lost, this browser keeps your photographs, marks and settings, for ${KEEP_DAYS} days after you last had the page open; whoever uses this browser can see them.`,
  deviceOnly: "On this device only",
  deviceNote: "On this device: background, shadow, crop, brush and download. Finer edges, light, sizes, presets and words need the server.",
  goDevice: "Go on without it, on this device",
  add: "Add photographs",
  theme: "Light or dark",
  help: "Keyboard and privacy",
  drop: "Drop photographs here",
  dropTouch: "Cut out your photographs",
  dropMore: "They come back without their background. One, or a hundred at once.",
  choose: "Choose photographs",
  kinds: "Or paste one. JPEG, PNG, WebP, HEIC, AVIF, TIFF",
  kindsDevice: "Or paste one. JPEG, PNG, WebP, AVIF",
  samples: "None at hand? Try",
  sampleMug: "a mug",
  samplePlant: "a plant",
  noPictures: "That file isn’t an image. Drop JPEG, PNG, WebP, HEIC, AVIF or TIFF files.",

  lastTime: (n) => (n === 1 ? "A photograph from last time is still in this browser." : `${n} photographs from last time are still in this browser.`),
  resume: "Go on with them",
  forget: "Erase them",
  notStored: "This browser has no room to keep your photographs: they will be lost when you close the page.",

  // the viewer
  stage: "Photograph",
  after: "After",
  before: "Before",
  frame: "Photograph. Plus and minus zoom, arrows move it, C compares. With Keep or Remove, arrows move a cross and Enter marks there.",
  tools: "Tools",
  look: "Compare",
  keep: "Keep",
  dropIt: "Remove",
  part: "Smart select",
  partHint: "Click a part, or draw over a larger area: its edges are found for you",
  brush: "Brush",
  brushHint: "Exactly what you paint",
  brushSize: "Size",
  undo: "Undo",
  redo: "Redo",
  original: "Show the original",
  darkGround: "Dark squares behind transparent parts",
  compare: "How much of the original is shown",
  zoom: "Zoom",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  zoomFit: "Fit",
  zoomActual: "100 %: each pixel as it is",
  toolHints: {
    keep: { part: "Click anything missing, or draw over a larger area.", brush: "Paint to bring back." },
    drop: { part: "Click anything to remove, or draw over a larger area.", brush: "Paint to erase." },
  },
  noCut: "Nothing is cut out with “Original”. Choose another background first.",

  // the batch
  strip: "All photographs",
  progress: "Photographs done",
  batchProgress: (done, failed, all, left) => (done === all ? (all === 1 ? "1 photograph, done" : `${all} photographs, all done`) : `${done} of ${all} done`) +
    (failed ? `, ${failed} failed` : "") + (left ? `, about ${left} left` : ""),
  seconds: (s) => (s < 90 ? `${Math.max(1, Math.round(s))} s` : `${Math.round(s / 60)} min`),
  states: { waiting: "waiting", working: "working", done: "done", failed: "failed", doubtful: "done, needs a look" },
  tile: (name, state) => `${name}, ${state}`,
  removeItem: (name) => `Remove ${name}`,
  remove: "Remove",
  retry: "Try again",
  retryAll: "Try failed again",
  tryNow: "Try now",
  grid: "All in a grid",
  clear: "Remove all",
  confirmRemoveAll: "Some results are not downloaded. Remove all?",

  // panels
  controls: "What to do with photographs",
  scope: "Photographs that the settings are for",
  scopeAll: "All photographs",
  scopeOne: "This one",
  spread: "Use for all",
  useLast: "Use the settings of last time",
  ignoreLast: "Without the settings of last time",
  dropPreset: "Remove this preset",
  backgroundTab: "Background",
  lightTab: "Light",
  frameTab: "Frame",
  sizeTab: "Size",
  presetsTab: "Presets",
  background: "Background",
  paints: {
    transparent: "Transparent", white: "White", black: "Black", "#f1ede6": "Paper", "#cfe3f5": "Sky", "#f7d9d0": "Blush", "#dcecdc": "Mint", "#e6dff3": "Lilac",
    "linear-gradient(160deg, #fdf6e3, #a8c0ff)": "Morning", "linear-gradient(180deg, #ffd9c0, #f3a6b5)": "Evening",
    "linear-gradient(145deg, #2b3440, #6d7f93)": "Slate", studio: "Studio", blur: "Blurred", original: "Original",
    colour: "Colour", picture: "Picture",
  },
  choosePicture: "Choose…",
  shadow: "Shadow",
  cutting: "Cut",
  rows: {
    picture: "Own picture", blur: "Blur", harmonise: "Match its light", colour: "Colour", shadow: "Type", shadow_opacity: "Strength", shadow_softness: "Softness", model: "Quality", edge_shift: "Move the edge", feather: "Soften the edge",
    auto: "Auto-enhance", exposure: "Exposure", contrast: "Contrast", highlights: "Highlights", shadows: "Shadows", clarity: "Clarity",
    saturation: "Colour", vibrance: "Vibrance", warmth: "Warmth", sharpen: "Sharpness", only: "Where",
    crop: "Crop to the subject", margin: "Margin", aspect: "Shape", outline: "Outline", rotate: "Rotate", fill: "Subject’s size", across: "Left to right", down: "Top to bottom",
    size: "Pixels", longer: "Longer side", width: "Width", height: "Height", quality: "File quality",
    upscale: "Upscale", style: "Art style", style_strength: "Strength",
  },
  hints: { auto: "Noise, colour cast and light, as far as the photograph needs it" },
  cropTool: "Crop by hand",
  cropReset: "Whole photograph",
  cropArea: "Part that stays. Arrows move it, those of its corners and sides resize it, Enter ends.",
  cropHandles: ["Upper left corner", "Upper side", "Upper right corner", "Right side", "Lower right corner", "Lower side", "Lower left corner", "Left side"],
  cropSize: (width, height) => `${width} × ${height} pixels stay.`,
  hexCode: "Colour code, such as #9fc7b8",
  eyeDropper: "Take a colour from the screen",
  sizeKinds: { original: "Original", longer: "Longer side", exact: "Width × height" },
  regions: { all: "Everywhere", subject: "Subject", background: "Background" },
  sizes: { none: "Off", "2x": "2 ×", "4x": "4 ×" },
  styles: { none: "None", watercolour: "Watercolour", glass: "Stained glass", swirl: "Swirls" },
  shadowKinds: { none: "None", contact: "Contact", drop: "Drop shadow", cast: "Long shadow", reflection: "Reflection" },
  aspects: { original: "Original", "1:1": "1 : 1", "4:5": "4 : 5", "4:3": "4 : 3", "16:9": "16 : 9", "9:16": "9 : 16" },
  formats: { auto: "PNG", jpg: "JPEG", webp: "WebP", avif: "AVIF", psd: "PSD (layers)", zip: "ZIP (colour, alpha)" },
  models: { "": "Standard", fast: "Fast", balanced: "Balanced", best: "Best" },
  preset: "Preset",
  presetNames: { ebay: "eBay" },
  presetTitles: {}, // where empty, the server's own words
  presetFormat: "Preset’s own",
  noPreset: "None",
  noPresetMore: "Your own settings",
  presetDecides: (name) => `The preset “${name}” sets frame and shadow.`,
  looks: "Your looks",
  lookName: "Name of this look",
  saveLook: "Save",
  forgetLook: (name) => `Remove the look “${name}”`,
  words: "In words",
  wordsHint: "white background, soft shadow",
  say: "Show what that would do",
  unsay: "Remove these words",
  doIt: "Do it",
  cancel: "Cancel",
  passedOver: (written) => `“${written}” was passed over.`,
  corrected: (written, read) => `“${written}” was read as “${read}”.`,
  defaults: "Reset settings",
  resetControl: "Double-click to reset",

  // results
  format: "File format",
  download: "Download",
  copy: "Copy",
  share: "Share",
  all: "All as ZIP",
  preparing: (done, all) => `Preparing ${done} of ${all}…`,
  downloaded: (name) => `${name} is downloaded.`,
  copied: "Copied.",
  copyFailed: "This browser can’t copy images here: it needs https or localhost. Download it instead.",
  zipTooLarge: "Together they are over 4 GB, more than a ZIP file can hold. Remove some, or download them one by one.",
  zipName: (n) => `mattebox-${n}-photographs.zip`,
  nothingDone: "Nothing to download yet.",
  checkPassed: (market) => `File: meets ${market}’s image rules`,
  checkFailed: (market) => `File: doesn’t meet ${market}’s image rules`,
  unknownRule: (b) => `${b.rule}: ${b.measured}; ${b.wanted} is needed`,
  ...englishMessages,
  makeWhite: "Make it white",
  cutoutToCheck: "Cutout: needs a look",
  cutoutUnchecked: "Cutout: please look for yourself. The rules are about the file; they don’t tell whether everything is cut out well.",

  // states
  reading: "Opening…",
  sending: (percent) => `Sending… ${percent} %`,
  working: (percent) => (percent ? `Working… ${percent} %` : "Working…"),
  updating: "Updating…",
  done: ({ width, height, confidence }, s) => `${width} × ${height} pixels` + (confidence === null ? "" : `, confidence ${confidence} %`) + `, ${s} s.`,
  firstCutout: "A first cutout, made on this device. The server’s finer one replaces it.",
  doubtful: "Needs a look: parts may be missing or left over.",
  guess: "It is not clear what to cut out here, so this is a guess.",
  missing: "Something missing? Click it.",
  paintSubject: "Paint the subject",
  lookFilter: (count) => `Needs a look (${count})`,
  busy: (s) => `The server is busy. Trying again in ${s} s.`,
  away: (s) => `The server isn’t responding. Trying again in ${s} s; your photographs wait here.`,
  cutOff: "The upload was interrupted. The photograph may be too large for this server, or the connection too slow.",
  cutOffRemedy: "Make it smaller, or try again.",
  unexpectedAnswer: (status) => `The server answered ${status}.`,
  unexpectedAnswerRemedy: "Try again. If it keeps happening, tell whoever runs the server.",

  // dialogs
  keysTitle: "Keyboard",
  keys: [
    ["V  K  R", "Compare, keep, remove"], ["C", "Original on or off"], ["←  →", "On the slider: compare. On the picture: move it, or the cross"],
    ["Enter", "Mark at the cross"], ["+  −  0  1", "Zoom in, out, fit, 100 %"], ["[  ]", "Smaller or larger brush"], ["Shift", "With the pointer: move the picture, not the brush"],
    ["Ctrl Z  Ctrl Y", "Undo, redo"], [",  .", "Photograph before or after"], ["←  →  Delete", "In the strip: another photograph; remove it"],
    ["Ctrl V  Ctrl C", "Paste a photograph, copy the result"], ["?", "This help"],
  ],
  shortcuts: "Single-key shortcuts",
  privacyTitle: "What happens to photographs",
  erase: "Erase all that this browser keeps",
  erased: "Everything is erased.",
  close: "Close",
  lockedTitle: "This server needs a key",
  locked: "Whoever runs it has given you an API key. It is remembered until this tab is closed.",
  lockedAgain: "That key isn’t valid. Did you copy all of it?",
  apiKey: "API key",
  unlock: "Continue",
};

const LANGUAGES = { en: english, de: german };
export const text = { ...(LANGUAGES[localSettings.get("language")] ?? LANGUAGES[preferredLanguage()]) };
export const languageNames = Object.entries(LANGUAGES).map(([code, { languageName }]) => [code, languageName]);

// Shows another language from now on, and remembers it. Whoever has written texts into the document writes them again.
export function setLanguage(code) {
  Object.assign(text, LANGUAGES[code]);
  localSettings.set("language", code);
}

// The first of the browser's languages that there is here.
function preferredLanguage() {
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((code) => code in LANGUAGES) ?? "en";
}
