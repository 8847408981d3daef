// A file dropped in, annotated part by part, and downloaded again.

import { Problem, askPatiently } from "./api.js";
import { byId, clearProblem, make, showProblem } from "./dom.js";
import { MAX_BYTES, guessColumn, readTable, writeCsv } from "./tables.js";

const CHARACTERS_A_PART = 20_000;

// `readLabels`: what a request needs for the labels; `limits`: of the service.
export function watchFiles(readLabels, limits) {
  let table = null, name = "", running = null, address = "";
  const drop = byId("drop");
  const open = async (file) => {
    clearProblem();
    running?.abort();
    byId("job").hidden = true;
    try {
      if (file.size > MAX_BYTES) {
        throw new Problem("The file is too large", `Expected at most ${MAX_BYTES / 1e6} MB. Use the command emoscope annotate for it.`);
      }
      table = readTable(file.name, decode(await file.arrayBuffer()));
      name = file.name;
      const options = table.header.map((title, at) => make("option", { value: at }, title || `column ${at + 1}`));
      byId("column").replaceChildren(...options);
      byId("column").value = guessColumn(table.header);
      byId("download").hidden = true;
      byId("progress").hidden = true;
      byId("job-status").textContent = `${name}: ${table.rows.length.toLocaleString("en")} rows.`;
      byId("job").hidden = false;
    } catch (error) {
      showProblem(error);
    }
  };
  byId("file").addEventListener("change", (event) => event.target.files[0] && open(event.target.files[0]));
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
  byId("stop").addEventListener("click", () => running?.abort());
  byId("annotate").addEventListener("click", async () => {
    clearProblem();
    running = new AbortController();
    setRunning(true);
    try {
      const csv = await annotate(table, Number(byId("column").value), readLabels(), limits, running.signal);
      if (address) URL.revokeObjectURL(address);
      address = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
      const link = byId("download");
      link.href = address;
      link.download = `${name.replace(/\.[^.]*$/, "")}-emotions.csv`;
      link.hidden = false;
      link.focus();
    } catch (error) {
      if (error.name === "AbortError") byId("job-status").textContent = "Stopped.";
      else showProblem(error);
    } finally {
      setRunning(false);
    }
  });
}

function decode(buffer) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer);
  } catch {
    throw new Problem("The file cannot be read", "It is not UTF-8. Save it as UTF-8, or use the command emoscope annotate with --encoding.");
  }
}

function setRunning(running) {
  byId("annotate").disabled = running;
  byId("stop").hidden = !running;
}

// The table with a column for the labels given, one for each label, and one for what went wrong.
async function annotate(table, column, labels, limits, signal) {
  const progress = byId("progress");
  progress.hidden = false;
  progress.max = table.rows.length;
  const results = new Array(table.rows.length);
  const isFit = (text) => text.trim() && [...text].length <= limits.characters;
  const places = [...table.rows.keys()].filter((at) => isFit(table.rows[at][column]));
  const bad = table.rows.length - places.length;
  let names = null, done = 0;
  while (done < places.length) {
    const part = takePart(places, done, table.rows, column, limits);
    const answer = await askPatiently("/v1/annotate", { ...labels, texts: part.map((at) => table.rows[at][column]) }, signal);
    names ??= answer.labels.map((label) => label.name);
    part.forEach((at, number) => { results[at] = answer.results[number]; });
    done += part.length;
    progress.value = done + bad;
    byId("job-status").textContent = `${(done + bad).toLocaleString("en")} of ${table.rows.length.toLocaleString("en")} rows.`;
  }
  if (!names) throw new Problem("Nothing to score", "No row has a text in this column. Choose another column.");
  const skipped = bad ? `; ${bad.toLocaleString("en")} had no text, or too long a one: see the column “error”` : "";
  byId("job-status").textContent = `Done: ${table.rows.length.toLocaleString("en")} rows${skipped}.`;
  return makeCsv(table, names, results, limits);
}

function takePart(places, start, rows, column, limits) {
  let end = start, characters = 0;
  while (end < places.length && end - start < Math.min(limits.texts, 200)) {
    characters += rows[places[end]][column].length;
    if (end > start && characters > CHARACTERS_A_PART) break;
    end += 1;
  }
  return places.slice(start, end);
}

function makeCsv(table, names, results, limits) {
  const unread = results.some((result) => result?.readable === false);
  const header = [...table.header, "labels", ...names, ...(unread ? ["readable"] : []), "error"];
  const rows = table.rows.map((row, at) => {
    const result = results[at];
    const extra = unread ? [result?.readable ?? ""] : [];
    if (!result) return [...row, "", ...names.map(() => ""), ...extra, `no text, or more than ${limits.characters} characters`];
    const scores = new Map(result.scores.map((score) => [score.label, score]));
    const given = result.scores.filter((score) => score.given).map((score) => score.label);
    return [...row, given.join("|"), ...names.map((label) => scores.get(label).probability), ...extra, ""];
  });
  return writeCsv(header, rows);
}
