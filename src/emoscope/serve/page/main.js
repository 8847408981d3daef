// The page: it asks the service, and shows what it says.

import { Problem, ask, askPatiently, setKey } from "./api.js";
import { byId, clearProblem, make, showProblem } from "./dom.js";
import { watchFiles } from "./files.js";
import { makeLabelChoice } from "./labels.js";
import { makeResult } from "./results.js";

const choices = {};
let wheel = [];
let latest = null;

async function start() {
  const info = await ask("/v1/info");
  const [{ models }, known] = await Promise.all([askPatiently("/v1/models"), ask("/v1/taxonomies")]);
  const [model] = models;
  wheel = known.wheel;
  byId("model").textContent = `Emotions in text. Model: ${model.id}${model.languages.length ? `; it reads: ${model.languages.join(", ")}` : ""}.`;
  choices.first = makeLabelChoice(byId("first"), model, known.taxonomies);
  choices.second = makeLabelChoice(byId("second"), model, known.taxonomies, "ekman");
  watchFiles(() => choices.first(), info.limits);
}

async function begin() {
  if (choices.first) return;
  try {
    await start();
  } catch (error) {
    byId("model").textContent = "The model is not there yet.";
    if (error.status === 401) byId("keys").open = true;
    throw error;
  }
}

function readText() {
  const text = byId("text").value;
  if (!text.trim()) throw new Problem("No text", "Type a text first.");
  const kind = document.querySelector("input[name=kind]:checked").value;
  if (kind === "text") return [{ texts: [text] }, { text }];
  const turns = text.split("\n").map((turn) => turn.trim()).filter(Boolean);
  return [{ conversations: [turns] }, { conversation: turns }];
}

async function show() {
  const [texts, text] = readText();
  const sets = [choices.first()];
  if (byId("compare").checked) sets.push(choices.second());
  latest?.abort();
  latest = new AbortController();
  const { signal } = latest;
  byId("status").textContent = "Scoring …";
  const answers = await Promise.all(sets.map((labels) => ask("/v1/annotate", { ...texts, ...labels }, signal)));
  const titles = sets.length > 1 ? ["First set of labels", "Second set of labels"] : ["Emotions"];
  const shown = answers.map((answer, at) => makeResult(answer, { ...text, ...sets[at] }, titles[at], wheel));
  byId("results").replaceChildren(make("div", { class: shown.length > 1 ? "pair" : "" }, ...shown));
  byId("status").textContent = "The results are below.";
}

byId("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  clearProblem();
  setKey(byId("key").value);
  byId("show").disabled = true;
  try {
    await begin();
    await show();
  } catch (error) {
    byId("status").textContent = "";
    if (error.name !== "AbortError") showProblem(error);
  } finally {
    byId("show").disabled = false;
  }
});
byId("compare").addEventListener("change", (event) => { byId("second").hidden = !event.target.checked; });
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("ask").requestSubmit();
});
// A file that misses its place must not replace the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
begin().catch(showProblem);
