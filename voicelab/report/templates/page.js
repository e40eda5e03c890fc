"use strict";
const table = document.getElementById("samples-table");
const body = table.tBodies[0];
const rows = [...body.rows];
const filter = document.getElementById("filter");
const shown = document.getElementById("shown");
const headers = [...table.tHead.rows[0].cells].filter((header) => header.hasAttribute("aria-sort"));
const texts = new Map();

function textOf(row) {
  if (!texts.has(row)) texts.set(row, `${row.cells[0].textContent} ${row.querySelector(".words").dataset.copy} ${row.textContent}`.toLowerCase());
  return texts.get(row);
}

function keyOf(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  return text === "" ? null : (isNaN(text) ? text.toLowerCase() : Number(text));
}

function compare(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right));
}

function sortBy(header, direction) {
  const column = header.cellIndex;
  for (const other of headers) other.setAttribute("aria-sort", other === header ? direction : "none");
  const sign = direction === "ascending" ? 1 : -1;
  const keyed = rows.map((row) => [keyOf(row, column), row]);
  // A row without a value stays last in either direction.
  keyed.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : sign * compare(a, b)));
  body.append(...keyed.map(([, row]) => row));
}

function chosen() {
  return [...filter.querySelectorAll("[name=only]:checked")].map((box) => box.value);
}

function applyFilter() {
  const { category, speaker, q } = filter.elements;
  const only = chosen();
  const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const flags = row.dataset.flags.split(" ");
    const kept = (!category.value || row.dataset.category === category.value)
      && (!speaker.value || row.dataset.speaker === speaker.value)
      && only.every((flag) => flags.includes(flag))
      && words.every((word) => textOf(row).includes(word));
    row.hidden = !kept;
    count += kept;
  }
  shown.textContent = `${count} of ${rows.length} samples`;
}

// The URL fragment after "#?" stores the state of the table, so that links reproduce it.
function writeState() {
  const state = new URLSearchParams();
  for (const name of ["q", "category", "speaker"]) if (filter.elements[name].value) state.set(name, filter.elements[name].value);
  if (chosen().length) state.set("only", chosen().join(","));
  const header = headers.find((one) => one.getAttribute("aria-sort") !== "none");
  if (header) {
    state.set("sort", header.textContent.trim());
    if (header.getAttribute("aria-sort") === "descending") state.set("descending", "1");
  }
  const hash = String(state) ? `#?${state}` : "#samples";
  try {
    history.replaceState(null, "", hash);
  } catch {
    location.replace(hash);  // Pages without an origin cannot use the history API.
  }
}

function readState() {
  const state = new URLSearchParams(location.hash.slice(2));
  for (const name of ["q", "category", "speaker"]) filter.elements[name].value = state.get(name) ?? "";
  const only = (state.get("only") ?? "").split(",");
  for (const box of filter.querySelectorAll("[name=only]")) box.checked = only.includes(box.value);
  const header = headers.find((one) => one.textContent.trim() === state.get("sort"));
  if (header) sortBy(header, state.has("descending") ? "descending" : "ascending");
  applyFilter();
}

function showTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target) return;
  if (target.hidden) {
    filter.reset();
    applyFilter();
  }
  for (let outer = target.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
  target.scrollIntoView({ block: "start" });
}

function followAddress() {
  if (location.hash.startsWith("#?")) readState();
  else showTarget();
}

for (const header of headers) {
  header.querySelector("button").addEventListener("click", () => {
    sortBy(header, header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
    writeState();
  });
}
filter.addEventListener("input", () => { applyFilter(); writeState(); });
filter.addEventListener("submit", (event) => event.preventDefault());
filter.addEventListener("reset", () => setTimeout(() => { applyFilter(); writeState(); }));
window.addEventListener("hashchange", followAddress);
applyFilter();
followAddress();
if (location.hash.startsWith("#?")) document.getElementById("samples").scrollIntoView();
