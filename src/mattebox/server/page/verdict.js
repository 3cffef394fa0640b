// The verdict on a result for a marketplace: of its file, whose rules are measured, and of its cutout, which a person must look at.
import { createElement } from "./dom.js";
import { presetLabel, setControl } from "./form.js";
import { isDoubtful } from "./results.js";
import { text } from "./strings.js";

// Shows the verdict on a result in a box, or hides the box where there is none.
export function renderMarketplaceCheck(result, box) {
  const check = result?.check;
  box.hidden = !check;
  if (!check) return box.replaceChildren();
  const rules = check.broken.filter((rule) => !rule.advice), remarks = check.broken.filter((rule) => rule.advice);
  const market = presetLabel(check.for), needsLook = isDoubtful(result) || remarks.length > 0;
  box.replaceChildren(
    createTitle(check.passed ? text.checkPassed(market) : text.checkFailed(market), check.passed ? "good" : "bad"), ...rules.map(createFinding),
    createTitle(needsLook ? text.cutoutToCheck : text.cutoutUnchecked, needsLook ? "doubt" : "plain"),
    ...(isDoubtful(result) ? [createElement("span", { textContent: result.isFound ? text.doubtful : text.guess })] : []), ...remarks.map(createFinding),
  );
}

const createTitle = (textContent, className) => createElement(className === "plain" ? "span" : "strong", { textContent, className });

// A broken rule in words, with a button where the page can mend it.
function createFinding(finding) {
  const line = createElement("span", { textContent: text.rules[finding.rule] ?? text.unknownRule(finding) });
  if (finding.rule !== "white background") return line;
  const button = createElement("button", { type: "button", textContent: text.makeWhite });
  button.addEventListener("click", () => setControl("paint", "white", { notifies: true }));
  line.append(" ", button);
  return line;
}
