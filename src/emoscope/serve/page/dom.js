// Elements without markup in strings: a text can never become part of the page's code.

export const byId = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function makeSvg(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export const percent = (share) => `${(100 * share).toFixed(1)} %`;

export function showProblem(error) {
  const title = make("strong", {}, error.title ?? "That did not work");
  const detail = error.title ? error.message : "The page has a fault. Load it again.";
  byId("problem").replaceChildren(make("p", { class: "problem" }, title, ": ", detail));
  if (!error.title) console.error(error.name);
}

export function clearProblem() {
  byId("problem").replaceChildren();
}
