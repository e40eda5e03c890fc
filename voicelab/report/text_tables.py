"""Format numeric tables as text for display: each value in its unit, with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from voicelab.report.wording import NONE, count_text, in_unit

if TYPE_CHECKING:
    import pandas as pd

    from voicelab.figures.figure import Unit

_HIDDEN = ("low", "high", "missing")


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with text in every cell.

    `part` and `of` become one column, counts. A column X with `X low` and `X high` (or `value` with `low` and `high`)
    becomes `X [95 %]`; `X missing` gives the reason for an absent value. A column `unit` gives the unit of each row.
    """
    import pandas as pd

    named = [str(name) for name in frame.columns]
    parts = {other for name in named for other in _companions(name) if other in named}
    rows = frame.to_dict("records")
    shown: dict[str, list[str]] = {}
    for name in named:
        if name in parts or name in ("unit", "of"):
            continue
        if name == "part":
            shown["counts"] = [_ratio(row["part"], row["of"]) for row in rows]
            continue
        low, high, missing = _companions(name)
        title = f"{name} [95 %]" if low in named else name
        shown[title] = [
            _cell(row[name], row.get(low), row.get(high), row.get(missing), row.get("unit") or "ratio") for row in rows
        ]
    return pd.DataFrame(shown, index=frame.index)


def _companions(name: str) -> tuple[str, ...]:
    return _HIDDEN if name == "value" else tuple(f"{name} {part}" for part in _HIDDEN)


def _cell(value: Any, low: Any, high: Any, missing: Any, unit: Unit) -> str:
    if absent(value):
        return NONE if absent(missing) else str(missing)
    if not isinstance(value, float):
        return str(value)
    bounds = "" if absent(low) or absent(high) else f"[{in_unit(low, unit)}, {in_unit(high, unit)}]"
    return f"{in_unit(value, unit)} {bounds}".rstrip()


def _ratio(part: Any, whole: Any) -> str:
    return "" if absent(part) or absent(whole) else f"{count_text(part)} / {count_text(whole)}"


def absent(value: Any) -> bool:
    """Return whether a cell is empty: None, nan or pandas' NA."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ == "NAType"
