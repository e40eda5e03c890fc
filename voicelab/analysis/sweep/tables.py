"""A sweep's tables as DataFrames, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicelab.analysis.sweep import wording
from voicelab.analysis.sweep.figures import SweepFigures

if TYPE_CHECKING:
    import pandas as pd


def points(figures: SweepFigures) -> pd.DataFrame:
    """One row per condition: the figures with intervals, and the change from the clean recordings."""
    import pandas as pd

    return pd.DataFrame(wording.rows(figures), columns=list(wording.columns(figures))).set_index("condition")


def breaks(figures: SweepFigures) -> pd.DataFrame:
    """One row per axis and threshold: the crossing, or a note that there is none, in words."""
    import pandas as pd

    axes = {axis.key: axis.label for axis in figures.axes}
    rows = [(axes[one.axis], one.asked, one.at, one.low, one.high, one.sentence) for one in figures.breaks]
    columns = ["axis", "threshold", "at", "low", "high", "in words"]
    return pd.DataFrame(rows, columns=columns).set_index("axis")
