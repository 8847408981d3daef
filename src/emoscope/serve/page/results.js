// Bars, the wheel, and words coloured by what they add.

import { ask } from "./api.js";
import { clearProblem, make, percent, showProblem } from "./dom.js";
import { makeWheel } from "./wheel.js";

const SHOWN = 12;
const SHADES = 8;

// One set of labels for one text. `request`: what it was asked with.
export function makeResult(answer, request, title, wheel) {
  const { scores, readable } = answer.results[0];
  const labels = new Map(answer.labels.map((label) => [label.name, label]));
  const section = make("section", { "aria-label": title }, make("h2", {}, title));
  if (readable === false) {
    section.append(make("p", { class: "note" }, "The text seems to be in a language that the model does not read, so the scores mean nothing."));
  }
  const given = scores.filter((score) => score.given).map((score) => score.label);
  section.append(make("p", { class: "summary" }, given.length ? `The model gives: ${given.join(", ")}.` : "The model gives none of the labels."));
  section.append(makeBars(scores.slice(0, SHOWN), labels));
  if (scores.length > SHOWN) {
    section.append(make("details", {}, make("summary", {}, `${scores.length - SHOWN} more labels`), makeBars(scores.slice(SHOWN), labels)));
  }
  const untrained = answer.labels.filter((label) => !label.trained);
  if (untrained.length) {
    section.append(make("p", { class: "note" }, `* Not among the labels that the model was trained on: it goes by the words. ${untrained.some((label) => label.threshold_guessed) ? "Whether it is given is a guess." : ""}`));
  }
  section.append(make("figure", {}, makeWheel(wheel, sharesOf(scores, labels))));
  section.append(makeWords(scores, request));
  return section;
}

function makeBars(scores, labels) {
  const rows = scores.map((score) => {
    const bar = make("div", { class: "bar" });
    bar.style.width = `${100 * score.probability}%`;
    const star = labels.get(score.label)?.trained === false ? " *" : "";
    const mark = score.given ? "✓ " : "";
    return make("tr", { class: score.given ? "given" : "" }, make("th", { scope: "row" }, `${mark}${score.label}${star}`), make("td", {}, bar), make("td", { class: "number" }, percent(score.probability)));
  });
  const caption = make("caption", { class: "soft" }, "Probability of each label; ✓ the model gives it");
  return make("table", { class: "bars" }, caption, make("tbody", {}, ...rows));
}

function sharesOf(scores, labels) {
  const shares = new Map();
  for (const score of scores) {
    const place = labels.get(score.label)?.wheel;
    if (place) shares.set(place, Math.max(shares.get(place) ?? 0, score.probability));
  }
  return shares;
}

// A button that asks which words speak for a label.
function makeWords(scores, request) {
  const select = make("select", { "aria-label": "Label to explain" });
  for (const score of scores) select.append(make("option", {}, score.label));
  const button = make("button", { type: "button", class: "plain explain" }, "Show which words speak for it");
  const shown = make("div", { class: "words", role: "status" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    shown.replaceChildren(make("p", { class: "soft" }, "Scoring the text without some of its words …"));
    clearProblem();
    try {
      const found = await ask("/v1/explain", { ...request, explain: [select.value] });
      shown.replaceChildren(...markTurns(found, select.value));
    } catch (error) {
      shown.replaceChildren();
      showProblem(error);
    } finally {
      button.disabled = false;
    }
  });
  return make("div", {}, make("h3", {}, "Words"), make("p", {}, select), make("p", {}, button), shown);
}

function markTurns(found, label) {
  const { attributions } = found.labels[label];
  const largest = Math.max(0.5, ...attributions.map(Math.abs));
  const legend = make("p", {}, make("span", { class: `for d${SHADES}` }, "speaks for it"), " ", make("span", { class: `against d${SHADES}` }, "speaks against it"));
  const turns = found.turns.map((turn, number) => {
    const line = make("p", { class: "turn", dir: "auto" });
    // Places count characters of Unicode, and JavaScript's strings count halves of some.
    const characters = [...turn];
    let end = 0;
    found.spans.forEach((span, place) => {
      if (span.turn !== number) return;
      const value = attributions[place];
      const depth = Math.round((SHADES * Math.abs(value)) / largest);
      const signed = `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;
      const kind = depth ? `${value > 0 ? "for" : "against"} d${depth}` : "";
      line.append(characters.slice(end, span.start).join(""), make("span", { class: kind, title: signed }, characters.slice(span.start, span.end).join("")));
      end = span.end;
    });
    line.append(characters.slice(end).join(""));
    return line;
  });
  const order = attributions.map((value, place) => [value, found.spans[place].text]).sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
  const rows = order.map(([value, text]) => make("tr", {}, make("th", { scope: "row" }, text), make("td", {}, value.toFixed(2))));
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "words"), make("th", { scope: "col" }, "log-odds")));
  const numbers = make("details", {}, make("summary", {}, "Numbers"), make("table", {}, head, make("tbody", {}, ...rows)));
  return [legend, ...turns, numbers];
}
