// Files as rows, and rows as a file again.

import { Problem } from "./api.js";

export const MAX_BYTES = 20_000_000;
export const MAX_ROWS = 100_000;

// The header and the rows of a file, each row a list of texts.
export function readTable(name, text) {
  const suffix = name.toLowerCase().split(".").pop();
  const plain = text.replace(/^\uFEFF/, "");
  let table;
  if (suffix === "csv" || suffix === "tsv") table = readDelimited(plain, suffix === "tsv" ? "\t" : guessDelimiter(plain));
  else if (suffix === "jsonl" || suffix === "ndjson") table = readJsonLines(plain);
  else table = { header: ["text"], rows: plain.split(/\r\n|\n|\r/).filter((line, at, all) => line || at < all.length - 1).map((line) => [line]) };
  if (!table.rows.length) throw new Problem("The file is empty", "There is no row in it.");
  if (table.rows.length > MAX_ROWS) {
    throw new Problem("The file is too long", `Expected at most ${MAX_ROWS.toLocaleString("en")} rows, got ${table.rows.length.toLocaleString("en")}. Use the command emoscope annotate for it.`);
  }
  return table;
}

function guessDelimiter(text) {
  const line = text.slice(0, 10_000).split(/\r\n|\n|\r/)[0];
  const counts = [",", ";", "\t"].map((sign) => [line.split(sign).length, sign]);
  return counts.sort((a, b) => b[0] - a[0])[0][1];
}

function readDelimited(text, delimiter) {
  const records = [];
  let record = [], cell = "", quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; } else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === delimiter) { record.push(cell); cell = ""; }
    else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[at + 1] === "\n") at += 1;
      records.push([...record, cell]);
      record = []; cell = "";
    } else cell += sign;
  }
  if (quoted) throw new Problem("The file cannot be read", "A quotation mark is opened and never closed.");
  if (cell || record.length) records.push([...record, cell]);
  const [header = [], ...rows] = records;
  const filled = rows.filter((row) => row.length > 1 || row[0]);
  const wrong = filled.findIndex((row) => row.length !== header.length);
  if (wrong >= 0) {
    throw new Problem("The file cannot be read", `Row ${wrong + 1} after the header has ${filled[wrong].length} cells, and the header ${header.length}.`);
  }
  return { header, rows: filled };
}

function readJsonLines(text) {
  const objects = text.split(/\r\n|\n|\r/).map((line, at) => [line, at]).filter(([line]) => line.trim()).map(([line, at]) => {
    let value;
    try { value = JSON.parse(line); } catch { value = null; }
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      throw new Problem("The file cannot be read", `Line ${at + 1} is no JSON object.`);
    }
    return new Map(Object.entries(value));
  });
  const header = [...new Set(objects.flatMap((each) => [...each.keys()]))];
  const show = (value) => (value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return { header, rows: objects.map((each) => header.map((key) => show(each.get(key)))) };
}

export function guessColumn(header) {
  const known = ["text", "comment", "message", "body", "content", "sentence", "tweet"];
  const lower = header.map((name) => name.toLowerCase());
  const found = known.map((name) => lower.indexOf(name)).find((at) => at >= 0);
  return found ?? 0;
}

export function writeCsv(header, rows) {
  const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return [header, ...rows].map((row) => row.map((cell) => quote(String(cell))).join(",")).join("\r\n") + "\r\n";
}
