"""Format the cells as Markdown tables: one row per design, one column per number of speakers."""

from __future__ import annotations

from collections.abc import Sequence

from tests.laws.intervals.simulate import Cell, Table

COVERED, ALARMED = (0.93, 0.97), (0.03, 0.07)
"""Target ranges for a 95 % interval and for a test at the 5 % level."""
MOSTLY = 0.5

LEGEND = (
    "`–`: refused in more than half of the sets. `≥`: no 95 % interval in more than half of the sets, but a bound; the "
    "number is its coverage. In brackets: the share of sets with a refusal (`–`) or only a bound (`≥`). `!`: too "
    "narrow, or too many false alarms. `*`: conservative, the interval is wider (the test finds less) than its level."
)


def table(cells: Sequence[Cell], which: Table) -> str:
    """The cells of one table."""
    chosen = [cell for cell in cells if cell.design.table == which]
    speakers = sorted({cell.design.speakers for cell in chosen})
    by_row: dict[tuple[str, str, str], dict[int, Cell]] = {}
    for cell in chosen:
        by_row.setdefault((cell.design.row, cell.method, cell.design.counts), {})[cell.design.speakers] = cell
    methods = {method for _, method, _ in by_row}
    lines = [_line(["design", *(["method"] if len(methods) > 1 else []), "counts", *map(str, speakers)])]
    lines.append(_line(["---"] * (len(speakers) + (3 if len(methods) > 1 else 2))))
    for (row, method, counts), found in by_row.items():
        head = [row, *([method] if len(methods) > 1 else []), counts]
        lines.append(_line(head + [mark(found[count]) if count in found else "" for count in speakers]))
    return "\n".join(lines)


def mark(cell: Cell) -> str:
    """Format a cell: `.951`, or with a mark: `.921!`, `.950 (12 % –, 3 % ≥)`, `≥ .985`, `–`."""
    refused, bounds = 1 - cell.answered / cell.sets, cell.bounds / cell.sets
    if cell.share is None or refused > MOSTLY:
        return "–"
    text = f"{cell.share:.3f}".removeprefix("0") + verdict(cell)
    if refused + bounds > MOSTLY:
        return f"≥ {text}"
    kinds = ((refused, "–"), (bounds, "≥"))
    parts = [f"{100 * share:.0f} % {sign}" for share, sign in kinds if share >= 0.005]
    return text + (f" ({', '.join(parts)})" if parts else "")


def verdict(cell: Cell) -> str:
    """The mark of a cell: `*` if conservative, `!` if anti-conservative, else empty. Bounds may be conservative."""
    if cell.share is None:
        return ""
    mostly_bounds = cell.sets - cell.answered + cell.bounds > MOSTLY * cell.sets
    alarms = cell.design.table == "false alarms"
    low, high = ALARMED if alarms else COVERED
    cautious, loose = (cell.share < low, cell.share > high) if alarms else (cell.share > high, cell.share < low)
    return "!" if loose else "*" if cautious and not mostly_bounds else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
