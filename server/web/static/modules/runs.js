// The Runs page: the list of runs, and a comparison of two.

import { address } from "./addresses.js";
import { $, ask, make, tell } from "./element.js";
import { offerTrend } from "./trend.js";

let runs = [];

// The columns of the table: all figures that any run lists.
let columns = [];
const report = (run) => address(`app/reports/${encodeURIComponent(run.run_id)}`);
const unique = (figures) => [...new Map(figures.map((one) => [one.name, one])).values()];
const figure = (run, name) => run.figures.find((one) => one.name === name);
const moment = (time) => new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
const digits = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));

// What runs may differ in. A fact that all runs share is said once, above the table.
const FACTS = [
  ["Set", (run) => run.sample_set],
  ["Condition", (run) => run.condition],
  ["Engines", (run) => run.engines.join(", ")],
  ["Target", (run) => run.target],
  ["Options", (run) => run.options],
  ["Turns", (run) => run.turns],
];
let facts = FACTS;

function cell(one, label = "") {
  if (!one || one.value === null) return make("td", { className: "number", text: "–", "data-label": label });
  const bounds = one.low === null ? [] : [make("small", { text: `${digits(one.low)} to ${digits(one.high)}` })];
  return make("td", { className: "number", text: digits(one.value), "data-label": label }, ...bounds);
}

const fact = (run, [name, of]) => make("td", { className: "fact", text: of(run) || "–", "data-label": name });

function splitFacts() {
  const known = runs.filter((run) => run.started_at);
  const values = (of) => new Set(known.map((run) => of(run) ?? ""));
  facts = FACTS.filter(([, of]) => values(of).size > 1);
  const shared = FACTS.filter(([, of]) => values(of).size === 1 && known[0] && of(known[0]));
  $("shared").textContent = shared.map(([name, of]) => `${name}: ${of(known[0])}`).join(" · ");
}

function find() {
  const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...$("rows").rows];
  for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  $("found").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} runs`;
}

function row(run) {
  const box = make("input", { type: "checkbox", value: run.run_id, "aria-label": `Compare ${run.run_id}` });
  box.addEventListener("change", showChosen);
  const name = run.has_report ? make("a", { href: report(run), text: run.run_id }) : make("span", { text: run.run_id });
  return make(
    "tr",
    {},
    make("td", {}, box),
    make("th", { scope: "row" }, name, ...(run.problem ? [make("small", { text: run.problem })] : [])),
    make("td", { text: run.status }, ...(run.started_at ? [make("small", { text: moment(run.started_at) })] : [])),
    ...columns.map((one) => cell(figure(run, one.name), one.short)),
    ...facts.map((one) => fact(run, one)),
  );
}

const chosenRuns = () => [...document.querySelectorAll("#rows input:checked")].map((box) => runs.find((run) => run.run_id === box.value));

function showChosen() {
  const count = chosenRuns().length;
  $("compare").disabled = count !== 2;
  $("chosen").textContent = count === 2 ? "" : count < 2 ? "Choose two runs." : "Choose two runs only.";
}

function showPair([left, right]) {
  $("pair").hidden = false;
  $("pair-head").replaceChildren(
    make("tr", {}, ...["Figure", left.run_id, right.run_id, "Difference"].map((text, i) => make("th", { scope: "col", text, className: i ? "number" : "" }))),
  );
  const figures = unique([...left.figures, ...right.figures]);
  $("pair-rows").replaceChildren(...figures.map((one) => pairRow(one.title, figure(left, one.name), figure(right, one.name))));
  $("pair-command").textContent = `voicelab compare reports/${left.run_id} reports/${right.run_id}`;
  for (const [id, run] of [["left", left], ["right", right]]) {
    $(id).title = `Report of ${run.run_id}`;
    $(id).hidden = !run.has_report;
    if (run.has_report) $(id).src = report(run);
  }
  $("pair-title").scrollIntoView({ block: "start" });
}

function pairRow(title, left, right) {
  const known = left?.value != null && right?.value != null;
  const difference = known ? (right.value - left.value >= 0 ? "+" : "−") + Math.abs(right.value - left.value).toFixed(3) : "–";
  return make("tr", {}, make("th", { scope: "row", text: title }), cell(left), cell(right), make("td", { className: "number", text: difference }));
}

$("find").addEventListener("input", find);
$("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  const pair = chosenRuns();
  const query = new URLSearchParams(location.search);
  query.set("left", pair[0].run_id);
  query.set("right", pair[1].run_id);
  history.replaceState(null, "", `?${query}`);
  showPair(pair);
});

async function start() {
  runs = await ask(address("app/api/runs"));
  $("empty").hidden = runs.length > 0;
  $("choice").hidden = !runs.length;
  columns = unique(runs.flatMap((run) => run.figures.filter((one) => one.listed)));
  splitFacts();
  const head = (text, className, title = "") => make("th", { scope: "col", className, text, title });
  $("head").replaceChildren(
    ...["Compare", "Run", "Status"].map((text) => head(text)),
    ...columns.map((one) => head(one.short, "number", one.title)),
    ...facts.map(([text]) => head(text)),
  );
  $("rows").replaceChildren(...runs.map(row));
  find();
  $("trend").hidden = !columns.length;
  offerTrend(columns);
  const query = new URLSearchParams(location.search);
  const asked = ["left", "right"].map((side) => runs.find((run) => run.run_id === query.get(side)));
  if (!asked[0] || !asked[1]) return;
  for (const box of document.querySelectorAll("#rows input")) box.checked = asked.some((run) => run.run_id === box.value);
  showChosen();
  showPair(asked);
}

start().catch((error) => tell(error.message));
