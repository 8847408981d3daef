// A choice of labels: the model's own, a set that ships, or some that are typed.

import { Problem } from "./api.js";
import { make } from "./dom.js";

const OWN = "own";
const TYPED = "typed";

// Fills a fieldset, and returns a function that gives what a request needs.
export function makeLabelChoice(fieldset, model, taxonomies, chosen = OWN) {
  const id = fieldset.id;
  const select = make("select", { id: `${id}-set` });
  select.append(make("option", { value: OWN }, `The model's own (${model.labels.length})`));
  if (model.any_labels) {
    select.append(make("option", { value: TYPED }, "Type labels"));
    for (const each of taxonomies) {
      const shown = each.labels.slice(0, 4).join(", ") + (each.labels.length > 4 ? " …" : "");
      select.append(make("option", { value: each.name }, `${each.name}: ${shown}`));
    }
  }
  select.value = model.any_labels ? chosen : OWN;
  const typed = make("input", { id: `${id}-typed`, type: "text", value: "pride, relief, anger|rage" });
  const box = make("div", {}, make("label", { class: "above", for: typed.id }, "Labels, separated by commas; | between words for the same"), typed);
  const update = () => { box.hidden = select.value !== TYPED; };
  select.addEventListener("change", update);
  update();
  fieldset.append(make("label", { class: "above", for: select.id }, "Set of labels"), select, box);
  return () => readChoice(select.value, typed.value);
}

function readChoice(set, typed) {
  if (set === OWN) return {};
  if (set !== TYPED) return { taxonomy: set };
  const labels = {};
  for (const part of typed.split(",").map((each) => each.trim()).filter(Boolean)) {
    const words = part.split("|").map((word) => word.trim()).filter(Boolean);
    if (!words.length) throw new Problem("A label is missing", "There is only a | between two commas.");
    if (Object.hasOwn(labels, words[0])) {
      throw new Problem("A label comes twice", `“${words[0]}” is there more than once.`);
    }
    Object.defineProperty(labels, words[0], { value: words, enumerable: true });
  }
  if (!Object.keys(labels).length) {
    throw new Problem("No labels", "Type at least one, such as: pride, relief");
  }
  return { labels };
}
