"""The tables of a sweep as data frames, for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicelab.analysis.sweep import wording
from voicelab.analysis.sweep.figures import SweepFigures

if TYPE_CHECKING:
    import pandas as pd


def points(figures: SweepFigures) -> pd.DataFrame:
    """A row for each condition: its figures with intervals, and its change against the clean recordings."""
    import pandas as pd

    return pd.DataFrame(wording.rows(figures), columns=list(wording.columns(figures))).set_index("condition")


def breaks(figures: SweepFigures) -> pd.DataFrame:
    """A row for each axis and threshold: where it is crossed, or that it is not, in words."""
    import pandas as pd

    axes = {axis.key: axis.label for axis in figures.axes}
    rows = [(axes[one.axis], one.asked, one.at, one.low, one.high, one.sentence) for one in figures.breaks]
    columns = ["axis", "threshold", "at", "low", "high", "in words"]
    return pd.DataFrame(rows, columns=columns).set_index("axis")
