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
const digits = (value) => (value === null || value === undefined ? "–" : value.toFixed(3));

function cell(one) {
  if (!one || one.value === null) return make("td", { className: "number", text: "–" });
  const bounds = one.low === null ? "" : `${digits(one.low)} to ${digits(one.high)}`;
  return make("td", { className: "number", text: digits(one.value) }, ...(bounds ? [make("small", { text: bounds })] : []));
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
    make("td", { text: run.status }),
    make("td", { text: run.started_at ? new Date(run.started_at).toLocaleString() : "–" }),
    make("td", { text: run.sample_set ?? "–" }),
    make("td", { className: "fact", text: run.condition || "–" }),
    make("td", { text: run.engines.join(", ") || "–" }, make("small", { text: run.target ?? "" })),
    make("td", { className: "fact", text: run.options || "–" }),
    make("td", { className: "number", text: run.turns ?? "–" }),
    ...columns.map((one) => cell(figure(run, one.name))),
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
  $("table").hidden = !runs.length;
  columns = unique(runs.flatMap((run) => run.figures.filter((one) => one.listed)));
  $("head").append(...columns.map((one) => make("th", { scope: "col", className: "number", text: one.short, title: one.title })));
  $("rows").replaceChildren(...runs.map(row));
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
