// The page's words and its scheme, put where they belong. Knows strings.js and the document.
import { kept } from "/page/store.js";
import { text } from "/page/strings.js";

const $ = (id) => document.getElementById(id);
const HERE = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

export function dress() {
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", text[node.dataset.label]);
  for (const node of document.querySelectorAll("button[data-label], [data-title]")) node.title = text[node.dataset.title ?? node.dataset.label];
  for (const node of document.querySelectorAll("[data-alt]")) node.alt = text[node.dataset.alt];
  if (matchMedia("(hover: none)").matches) document.querySelector("#empty h2").textContent = text.dropTouch; // nothing to drop with
  $("promise").lastElementChild.textContent = HERE ? text.promiseHere : text.promiseThere(location.host);
  $("privacy").textContent = text.privacy(location.host);
  $("keys").querySelector("dl").append(...text.keys.flatMap(([keys, what]) => [term(keys), made("dd", what)]));
  document.documentElement.style.colorScheme = kept.get("theme") ?? "";
  $("theme").addEventListener("click", turn);
}

export const made = (tag, words) => Object.assign(document.createElement(tag), { textContent: words });

function term(keys) {
  const node = document.createElement("dt");
  node.append(...keys.split("  ").map((key) => made("kbd", key)));
  return node;
}

// Light or dark, against what it is now; remembered.
function turn() {
  const own = document.documentElement.style, now = own.colorScheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  own.colorScheme = now === "dark" ? "light" : "dark";
  kept.set("theme", own.colorScheme);
}
