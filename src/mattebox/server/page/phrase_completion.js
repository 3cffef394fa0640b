// Completion of the line for words: phrases that the server understands, for what stands after the last comma. A combobox
// with a list, after the pattern of the ARIA practices guide.
import { getJson } from "./api.js";
import { byId, createElement } from "./dom.js";
import { text } from "./strings.js";

const MAX_CHOICES = 6, MIN_CHARACTERS = 2;
const phrasesByLanguage = new Map(); // language -> phrases, a promise
let choices = [], chosen = -1;

export function initCompletion() {
  const line = byId("said");
  line.addEventListener("focus", loadPhrases);
  line.addEventListener("input", showChoices);
  line.addEventListener("blur", close);
  byId("phrases").addEventListener("pointerdown", (event) => event.preventDefault()); // the line keeps the focus
  byId("phrases").addEventListener("click", ({ target }) => { const option = target.closest("[role=option]"); if (option) take(option.textContent); });
}

// Takes a key of the line; whether it was taken.
export function completionKey(event) {
  if (!choices.length) return false;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) choose(chosen < 0 && step < 0 ? choices.length - 1 : (chosen + step + choices.length) % choices.length);
  else if (event.key === "Enter" && chosen >= 0) take(choices[chosen]);
  else if (event.key === "Escape") close();
  else return false;
  event.preventDefault();
  return true;
}

function loadPhrases() {
  const { language } = text;
  if (!phrasesByLanguage.has(language)) phrasesByLanguage.set(language, getJson(`/v1/plans/phrases?language=${language}`).then((answer) => answer?.phrases ?? []));
  return phrasesByLanguage.get(language);
}

// What is being typed, after the last comma; and all before it.
function splitLine(value) {
  const at = value.lastIndexOf(",") + 1;
  return [value.slice(0, at), value.slice(at).trimStart().toLowerCase()];
}

async function showChoices() {
  const { value } = byId("said"), [, word] = splitLine(value), phrases = await loadPhrases();
  if (byId("said").value !== value || document.activeElement !== byId("said")) return;
  choices = word.length < MIN_CHARACTERS ? [] : rank(phrases, word).slice(0, MAX_CHOICES);
  chosen = -1;
  render();
}

// Those that begin with it, then those of which another word does; the shorter ones first.
function rank(phrases, word) {
  const found = phrases.filter((phrase) => phrase !== word && ` ${phrase}`.includes(` ${word}`));
  return found.sort((a, b) => b.startsWith(word) - a.startsWith(word) || a.length - b.length);
}

function choose(index) {
  chosen = index;
  render();
}

function take(phrase) {
  const line = byId("said"), [before] = splitLine(line.value);
  line.value = before ? `${before} ${phrase}` : phrase;
  close();
  line.focus();
}

function close() {
  choices = [];
  render();
}

function render() {
  const line = byId("said"), list = byId("phrases");
  list.hidden = !choices.length;
  list.replaceChildren(...choices.map((phrase, i) => {
    const option = createElement("li", { id: `phrase-${i}`, textContent: phrase });
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", String(i === chosen));
    return option;
  }));
  line.setAttribute("aria-expanded", String(choices.length > 0));
  if (chosen >= 0 && choices.length) line.setAttribute("aria-activedescendant", `phrase-${chosen}`);
  else line.removeAttribute("aria-activedescendant");
}
