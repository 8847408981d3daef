// Plutchik's wheel: the area of a petal is the probability of its emotion.

import { makeSvg, percent } from "./dom.js";

const WIDTH = 360;
const HEIGHT = 320;
const RADIUS = 112;
const COLOURS = {
  fear: "#3c8f4f", trust: "#9bc53d", joy: "#f7d038", anticipation: "#f28f3b", anger: "#d7263d",
  disgust: "#8b5fa8", sadness: "#3f6fb5", surprise: "#5bb5d6",
};

// `places`: names from fear on, against the clock; `shares`: probability by place.
export function makeWheel(places, shares) {
  const svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": describe(shares) });
  for (const part of [0.5, 1]) {
    svg.append(makeSvg("circle", { class: "ring", cx: WIDTH / 2, cy: HEIGHT / 2, r: RADIUS * part }));
  }
  places.forEach((place, number) => {
    const primary = place in COLOURS;
    const share = shares.get(place);
    if (!primary && share === undefined) return;
    const angle = (2 * Math.PI * number) / places.length;
    const colour = COLOURS[place] ?? mix(places, number);
    const width = primary ? 0.24 : 0.11;
    svg.append(makeSvg("path", { d: petal(angle, RADIUS, width), fill: colour, "fill-opacity": 0.14 }));
    if (share) {
      const title = makeSvg("title", {}, `${place}: ${percent(share)}`);
      svg.append(makeSvg("path", { d: petal(angle, RADIUS * Math.sqrt(share), width), fill: colour, "fill-opacity": 0.9 }, title));
    }
    svg.append(name(place, angle, share, primary));
  });
  return svg;
}

function describe(shares) {
  const ranked = [...shares].sort((a, b) => b[1] - a[1]).slice(0, 5);
  if (!ranked.length) return "Plutchik's wheel; none of the labels has a place on it.";
  return `Plutchik's wheel. ${ranked.map(([place, share]) => `${place} ${percent(share)}`).join(", ")}.`;
}

function at(angle, radius) {
  return [WIDTH / 2 + radius * Math.cos(angle), HEIGHT / 2 - radius * Math.sin(angle)];
}

function petal(angle, length, width) {
  const side = [];
  for (let step = 0; step <= 16; step += 1) {
    const t = step / 16;
    side.push([length * t, width * length * Math.sin(Math.PI * t ** 1.35)]);
  }
  const outline = [...side, ...side.slice(1, -1).reverse().map(([along, aside]) => [along, -aside])];
  const points = outline.map(([along, aside]) => at(angle + Math.atan2(aside, along), Math.hypot(along, aside)));
  return `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
}

function name(place, angle, share, primary) {
  const [x, y] = at(angle, RADIUS + 10);
  const across = Math.cos(angle);
  const anchor = Math.abs(across) < 0.2 ? "middle" : across > 0 ? "start" : "end";
  const up = Math.sin(angle);
  const text = makeSvg("text", { x, y: y + 4 - 8 * up, "text-anchor": anchor, class: primary ? "strong" : "", "aria-hidden": "true" });
  text.append(share === undefined ? place : `${place} ${Math.round(100 * share)}`);
  return text;
}

function mix(places, number) {
  const near = [places[number - 1], places[(number + 1) % places.length]].map((place) => COLOURS[place] ?? "#888888");
  const parts = [1, 3, 5].map((place) => near.map((colour) => parseInt(colour.slice(place, place + 2), 16)));
  return `#${parts.map(([a, b]) => ((a + b) >> 1).toString(16).padStart(2, "0")).join("")}`;
}
