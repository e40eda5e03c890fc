"use strict";
const table = document.getElementById("samples-table");
const body = table.tBodies[0];
const rows = [...body.rows];
const filter = document.getElementById("filter");
const shown = document.getElementById("shown");

function keyOf(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  return text === "" ? null : (isNaN(text) ? text.toLowerCase() : Number(text));
}

function compare(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right));
}

function sortBy(header) {
  const column = header.cellIndex;
  const direction = header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  for (const other of table.tHead.rows[0].cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1;
  const keyed = rows.map((row) => [keyOf(row, column), row]);
  // A row without a value stays last, whichever way.
  keyed.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : sign * compare(a, b)));
  body.append(...keyed.map(([, row]) => row));
}

function applyFilter() {
  const { category, speaker, errors, failed } = filter.elements;
  let count = 0;
  for (const row of rows) {
    const kept = (!category.value || row.dataset.category === category.value)
      && (!speaker.value || row.dataset.speaker === speaker.value)
      && (!errors.checked || row.dataset.errors !== "0")
      && (!failed.checked || row.dataset.failed === "1");
    row.hidden = !kept;
    count += kept;
  }
  shown.textContent = `${count} of ${rows.length} samples`;
}

for (const button of table.tHead.querySelectorAll("button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}
filter.addEventListener("change", applyFilter);
filter.addEventListener("submit", (event) => event.preventDefault());
applyFilter();
