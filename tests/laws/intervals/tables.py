"""Format the cells as Markdown tables: one row per design, one column per number of speakers."""

from __future__ import annotations

from collections.abc import Sequence

from tests.laws.intervals.simulate import Cell, Table

COVERED, ALARMED = (0.93, 0.97), (0.03, 0.07)
"""Target ranges for a 95 % interval and for a test at the 5 % level."""

LEGEND = (
    "The number is the coverage of the 95 % intervals, or the share of false alarms. In brackets: the share of sets "
    "with a refusal (`–`) or only a bound (`≥`) instead. If these are more than half: `–`: refused; `≥`: a bound; the "
    "number is the coverage of intervals and bounds together. `!`: too narrow, or too many false alarms. `*`: "
    "conservative, the interval is wider (the test finds less) than its level."
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
    """Format a cell: `.951`, or with a mark: `.921!`, `.950 (12 % –, 3 % ≥)`, `≥ .985 (92 %)`, `– (88 %)`, `–`."""
    refused, bounds = 1 - (cell.answered + cell.bounds) / cell.sets, cell.bounds / cell.sets
    if cell.mostly_refused:
        text = "–" if refused > bounds or cell.together is None else f"≥ {_decimals(cell.together)}{verdict(cell)}"
        return text + (f" ({100 * (refused + bounds):.0f} %)" if cell.answered else "")
    parts = [f"{100 * share:.0f} % {sign}" for share, sign in ((refused, "–"), (bounds, "≥")) if share >= 0.005]
    return f"{_decimals(cell.share or 0.0)}{verdict(cell)}" + (f" ({', '.join(parts)})" if parts else "")


def _decimals(share: float) -> str:
    return f"{share:.3f}".removeprefix("0")


def verdict(cell: Cell) -> str:
    """The mark of a cell: `*` if conservative, `!` if anti-conservative, else empty. Bounds may be conservative."""
    alarms = cell.together is None
    share = cell.together if cell.mostly_refused else cell.share
    if share is None:
        return ""
    low, high = ALARMED if alarms else COVERED
    cautious, loose = (share < low, share > high) if alarms else (share > high, share < low)
    return "!" if loose else "*" if cautious and not cell.mostly_refused else ""


def summary(cells: Sequence[Cell], which: Table) -> str:
    """Return in words how many cells of a table are in the target range, and the largest standard error."""
    chosen = [cell for cell in cells if cell.design.table == which]
    answered = [cell for cell in chosen if not cell.mostly_refused]
    inside = sum(not verdict(cell) for cell in answered)
    text = (
        f"{len(chosen)} cells: {inside} of {len(answered)} in the target range, {len(chosen) - len(answered)} refused."
    )
    errors = [cell.error for cell in answered if cell.error is not None]
    if errors:
        text += f" The largest standard error is {max(errors):.4f}."
    together = [cell.together for cell in chosen if cell.together is not None]
    if together:
        text += (
            f" Intervals and bounds together contain the true value in {_decimals(min(together))} to "
            f"{_decimals(max(together))} of the sets."
        )
    return text


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
