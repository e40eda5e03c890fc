// A figure over the runs: values with intervals, and the changes beyond the noise.

import { address } from "./addresses.js";
import { $, ask, make } from "./element.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 64, HEIGHT = 220, TOP = 16, BOTTOM = 36, LEFT = 56;

function shape(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const day = (point) => new Date(point.started_at).toLocaleDateString(undefined, { month: "numeric", day: "numeric" });
const changed = (point) => point.verdict === "better" || point.verdict === "worse";

export function described(point) {
  const bounds = point.low === null ? "" : ` [${point.low.toFixed(3)}, ${point.high.toFixed(3)}]`;
  const change = point.change === null ? "" : `, ${point.change >= 0 ? "+" : "−"}${Math.abs(point.change).toFixed(3)}`;
  return `${point.run_id}: ${point.value.toFixed(3)}${bounds}${change}, ${point.verdict}${point.verdict === "not compared" ? `: ${point.note}` : ""}`;
}

function drawn(points, title) {
  const ends = points.flatMap((one) => [one.value, one.low ?? one.value, one.high ?? one.value]);
  const low = Math.min(...ends), high = Math.max(...ends), span = high - low || Math.abs(high) || 1;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / span);
  const x = (place) => LEFT + STEP * (place + 0.5);
  const width = LEFT + STEP * points.length;
  const picture = shape("svg", { class: "trend", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title });
  for (const value of [low, (low + high) / 2, high]) {
    picture.append(shape("line", { class: "grid", x1: LEFT, x2: width, y1: y(value), y2: y(value) }), shape("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(3)));
  }
  points.forEach((point, place) => {
    const kind = changed(point) ? point.verdict : "same";
    if (place && point.verdict !== "not compared") {
      picture.append(shape("line", { class: `step ${kind}`, x1: x(place - 1), y1: y(points[place - 1].value), x2: x(place), y2: y(point.value) }));
    }
  });
  points.forEach((point, place) => {
    const mark = shape("g", { class: changed(point) ? point.verdict : "same" });
    mark.append(shape("title", {}, described(point)));
    if (point.low !== null) mark.append(shape("line", { class: "interval", x1: x(place), x2: x(place), y1: y(point.low), y2: y(point.high) }));
    mark.append(shape("circle", { cx: x(place), cy: y(point.value), r: changed(point) ? 7 : 5 }));
    if (changed(point)) mark.append(shape("text", { x: x(place), y: TOP - 4, "text-anchor": "middle" }, point.verdict));
    picture.append(mark, shape("text", { x: x(place), y: HEIGHT - 12, "text-anchor": "middle" }, day(point)));
  });
  return picture;
}

async function show(figures, name) {
  const title = figures.find((one) => one.name === name).title;
  $("trend-note").textContent = "Comparing the runs…";
  try {
    const points = await ask(address(`app/api/trends/${encodeURIComponent(name)}`));
    $("trend-picture").replaceChildren(drawn(points, `${title}, ${points.length} runs`));
    const marked = points.filter(changed);
    $("trend-note").textContent = marked.length ? "" : "No change between neighbouring runs is larger than the noise.";
    $("trend-changes").replaceChildren(...marked.map((one) => make("li", { text: described(one) })));
  } catch (error) {
    $("trend-picture").replaceChildren();
    $("trend-changes").replaceChildren();
    $("trend-note").textContent = error.message;
  }
}

// Let the user choose one of the figures. The choice is in the address.
export function offerTrend(figures) {
  const select = $("trend-figure");
  select.replaceChildren(make("option", { value: "", text: "Choose a figure" }), ...figures.map((one) => make("option", { value: one.name, text: one.title })));
  select.addEventListener("change", () => {
    const query = new URLSearchParams(location.search);
    if (select.value) query.set("trend", select.value);
    else query.delete("trend");
    history.replaceState(null, "", `?${query}`);
    if (select.value) show(figures, select.value);
  });
  const asked = new URLSearchParams(location.search).get("trend");
  if (figures.some((one) => one.name === asked)) {
    select.value = asked;
    show(figures, asked);
  }
}
