// What the page asks of the service, and what it says when that goes wrong.

let key = "";

export function setKey(value) {
  key = value.trim();
}

// An error with words for people. `wait`: seconds after which to try again.
export class Problem extends Error {
  constructor(title, detail, status = 0, wait = 0) {
    super(detail);
    this.title = title;
    this.status = status;
    this.wait = wait;
  }
}

const WORDS = {
  401: "This service needs an API key. Enter it under “API key”.",
  429: "The service is busy. Try again in a moment.",
};

export async function ask(path, body, signal) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers.Authorization = `Bearer ${key}`;
  const request = { method: body === undefined ? "GET" : "POST", headers, signal };
  if (body !== undefined) request.body = JSON.stringify(body);
  let response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service cannot be reached", "Is it still running? Then try again.");
  }
  const found = await response.json().catch(() => ({}));
  if (response.ok) return found;
  const wait = Number(response.headers.get("Retry-After")) || 0;
  const detail = WORDS[response.status] ?? found.detail ?? `It answered ${response.status}.`;
  throw new Problem(found.title ?? "That did not work", detail, response.status, wait);
}

// The same, but a busy service is asked again, at most `times` times.
export async function askPatiently(path, body, signal, times = 20) {
  for (let left = times; ; left -= 1) {
    try {
      return await ask(path, body, signal);
    } catch (error) {
      const busy = error instanceof Problem && (error.status === 429 || error.status === 503);
      if (!busy || left <= 0) throw error;
      await pause(1000 * Math.min(Math.max(error.wait, 1), 10), signal);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
