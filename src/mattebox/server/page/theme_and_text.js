// Fills in the texts of strings.js, and switches between light and dark and between languages.
import { isDeviceOnly } from "./device_mode.js";
import { byId, createElement, IS_LOCAL } from "./dom.js";
import { localSettings } from "./storage.js";
import { languageNames, setLanguage, text } from "./strings.js";

let retentionMinutes = null; // of photographs on the server, once it is known

export function showRetention(seconds) {
  retentionMinutes = Math.ceil(seconds / 60);
  showPromise();
}

// Says where photographs go.
export function showPromise() {
  const promise = isDeviceOnly() ? text.promiseDevice : IS_LOCAL ? text.promiseHere : text.promiseThere(location.host);
  byId("promise").lastElementChild.textContent = promise;
  document.querySelector("[data-text=kinds]").textContent = isDeviceOnly() ? text.kindsDevice : text.kinds;
  byId("privacy").textContent = isDeviceOnly() ? text.privacyDevice : text.privacy(location.host, retentionMinutes);
}

// `onLanguageChanged` is called when other texts are to be shown.
export function initThemeAndText(onLanguageChanged) {
  fillInTexts();
  document.documentElement.style.colorScheme = localSettings.get("theme") ?? "";
  byId("theme").addEventListener("click", toggleTheme);
  showGround(localSettings.get("ground") === "dark");
  byId("ground").addEventListener("click", () => {
    const isDark = byId("ground").getAttribute("aria-pressed") !== "true";
    localSettings.set("ground", isDark ? "dark" : null);
    showGround(isDark);
  });
  byId("language").addEventListener("click", () => {
    setLanguage(byId("language").lang);
    fillInTexts();
    onLanguageChanged();
  });
}

function fillInTexts() {
  Object.assign(document.documentElement, { lang: text.language, dir: text.direction });
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", text[node.dataset.label]);
  for (const node of document.querySelectorAll("button[data-label], [data-title]")) node.title = text[node.dataset.title ?? node.dataset.label];
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = text[node.dataset.placeholder];
  for (const node of document.querySelectorAll("[data-alt]")) node.alt = text[node.dataset.alt];
  if (matchMedia("(hover: none)").matches) document.querySelector("#empty h2").textContent = text.dropTouch; // touch screens cannot drop files
  showPromise();
  byId("keys").querySelector("dl").replaceChildren(...text.keys.flatMap(([keys, action]) => [keysTerm(keys), createElement("dd", { textContent: action })]));
  fillInNextLanguage();
}

// The button names the language that it leads to, in that language.
function fillInNextLanguage() {
  const index = languageNames.findIndex(([code]) => code === text.language), [code, name] = languageNames[(index + 1) % languageNames.length];
  Object.assign(byId("language"), { lang: code, title: name, textContent: code.toUpperCase() });
  byId("language").setAttribute("aria-label", `${code.toUpperCase()}: ${name}`);
}

function keysTerm(keys) {
  const term = document.createElement("dt");
  term.append(...keys.split("  ").map((key) => createElement("kbd", { textContent: key })));
  return term;
}

// Behind transparent parts a light checkerboard, or a dark one for light subjects.
function showGround(isDark) {
  byId("frame").classList.toggle("dark-ground", isDark);
  byId("ground").setAttribute("aria-pressed", String(isDark));
}

// Switches to the other scheme and remembers it.
function toggleTheme() {
  const rootStyle = document.documentElement.style;
  const scheme = rootStyle.colorScheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  rootStyle.colorScheme = scheme === "dark" ? "light" : "dark";
  localSettings.set("theme", rootStyle.colorScheme);
}
