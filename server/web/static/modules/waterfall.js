// Timeline of a turn from the end of the request: times measured by the page, and stage times of the server.

import { make } from "./element.js";

const STAGES = [
  ["decode_s", "decoding"],
  ["asr_s", "recognizing"],
  ["agent_s", "answering"],
  ["tts_first_s", "first sentence"],
];

// Rows of {label, side, from, to}, in milliseconds after the end of the request.
export function parts(turn) {
  const { end, heard, answered, firstChunk, sounds } = turn.times;
  const rows = [];
  const page = (label, from, to) => {
    if (from !== undefined && to !== undefined) rows.push({ label, side: "page", from: from - end, to: to - end });
  };
  page("until transcript", end, heard);
  page("until answer", heard ?? end, answered);
  page("until first chunk", answered, firstChunk);
  page("until first sound", firstChunk, sounds);
  let at = 0;
  for (const [name, label] of STAGES) {
    const took = turn.metrics?.[name];
    if (took === null || took === undefined) continue;
    rows.push({ label, side: "server", from: at, to: at + 1000 * took });
    at += 1000 * took;
  }
  return rows;
}

export function draw(place, rows) {
  const whole = Math.max(1, ...rows.map((row) => row.to));
  place.replaceChildren(...rows.map((row) => bar(row, whole)));
}

function bar({ label, side, from, to }, whole) {
  const part = make("span", { className: "part" });
  part.style.left = `${(100 * Math.max(0, from)) / whole}%`;
  part.style.width = `${(100 * (to - Math.max(0, from))) / whole}%`;
  const row = make(
    "div",
    { className: "bar-row", role: "listitem", "data-side": side },
    make("span", { text: `${side === "server" ? "server: " : ""}${label}` }),
    make("span", { className: "track", "aria-hidden": "true" }, part),
    make("span", { className: "took", text: `${Math.round(to - from)} ms` }),
  );
  return row;
}
