// Requests in words: a line to type in; what it was read as is shown, and done when that is accepted.
import { ApiError, submit } from "./api.js";
import { byId, createElement } from "./dom.js";
import { readValues, setControl } from "./form.js";
import { completionKey, initCompletion } from "./phrase_completion.js";
import { text } from "./strings.js";
import { initVoice } from "./voice.js";

let shownPlan = null, requestCount = 0; // { words, plan } that Enter accepts; how many requests were sent

// `onChange` is called when words are applied or removed.
export function initWords(onChange) {
  const apply = (words, plan) => {
    setControl("words", words);
    setControl("words_cut", !words ? "" : isUncut(plan) ? "no" : plan.cuts ? "yes" : "");
    clearPlan();
    byId("said").value = "";
    onChange();
    byId("said").focus();
  };
  const accept = () => shownPlan && apply(joinWords(shownPlan.words), shownPlan.plan);
  byId("said").addEventListener("keydown", (event) => {
    if (completionKey(event)) return;
    if (event.key === "Escape") clearPlan();
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (shownPlan && shownPlan.words === byId("said").value.trim()) accept();
    else requestPlan();
  });
  byId("said").addEventListener("input", clearPlan);
  byId("say").addEventListener("click", () => requestPlan());
  byId("plan").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.request) { byId("said").value = button.dataset.request; requestPlan(); }
    else if (button?.id === "do") accept();
    else if (button) { clearPlan(); byId("said").focus(); }
  });
  byId("unsay").addEventListener("click", () => apply("", null));
  initCompletion();
  initVoice({
    onHeard: (words) => { byId("said").value = words; requestPlan(); },
    onSaid: (message) => showLines(createElement("p", { textContent: message })),
  });
  showAppliedWords();
}

// Shows the words that are applied, with a button that removes them.
export function showAppliedWords() {
  const words = readValues().words;
  byId("applied").hidden = !words;
  byId("applied").firstElementChild.textContent = words ? `“${words}”` : "";
}

// Words that come after others change what those have made.
const joinWords = (words) => [readValues().words, words].filter(Boolean).join(", ");
const isUncut = (plan) => plan.readings.some(({ values }) => values.cut === false);

async function requestPlan() {
  const words = byId("said").value.trim(), number = (requestCount += 1);
  if (!words) return;
  const form = new FormData();
  form.set("words", joinWords(words));
  try {
    const response = await submit("/v1/plans", form, () => {}, () => {});
    const answer = await response.json();
    if (number !== requestCount) return; // another one was sent since
    if (answer.question) showQuestion(answer.question);
    else showPlan(words, answer.plan);
  } catch (error) {
    if (!(error instanceof ApiError)) console.error(error);
    if (number === requestCount) showLines(createElement("p", { className: "bad", textContent: `${error.message} ${error.remedy ?? ""}` }));
  }
}

function clearPlan() {
  shownPlan = null;
  requestCount += 1; // an answer that comes now is too late
  byId("plan").replaceChildren();
}

function showPlan(words, plan) {
  shownPlan = { words, plan };
  const terms = createElement("dl");
  for (const reading of plan.readings) {
    terms.append(createElement("dt", { textContent: reading.text }), createElement("dd", { textContent: describeReading(reading) }));
  }
  const corrections = Object.entries(plan.corrections).map(([written, read]) => createElement("p", { textContent: text.corrected(written, read) }));
  corrections.push(...plan.passed_over.map((written) => createElement("p", { textContent: text.passedOver(written) })));
  showLines(terms, ...corrections, createButtons(createElement("button", { type: "button", id: "do", className: "main", textContent: text.doIt })));
}

function showQuestion({ words, ask, choices }) {
  shownPlan = null;
  const buttons = choices.map((choice) => {
    const button = createElement("button", { type: "button", textContent: choice.words });
    button.dataset.request = choice.request;
    return button;
  });
  showLines(createElement("p", { textContent: `“${words}”: ${ask}` }), createButtons(...buttons));
}

function createButtons(...buttons) {
  const group = createElement("div", { className: "answers" });
  group.append(...buttons, createElement("button", { type: "button", className: "plain", textContent: text.cancel }));
  return group;
}

function showLines(...nodes) {
  byId("plan").replaceChildren(...nodes);
  byId("plan").scrollIntoView({ block: "nearest" });
}

function describeReading({ values, area }) {
  const parts = Object.entries(values).map(([name, value]) => (value === true ? name : `${name}: ${value}`).replaceAll("_", " "));
  return [...parts, ...(area ? [text.regions[area] ?? area] : [])].join(", ");
}
