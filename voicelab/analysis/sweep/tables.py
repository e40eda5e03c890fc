"""A sweep's tables as DataFrames, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicelab.analysis.sweep import wording
from voicelab.analysis.sweep.figures import SweepFigures
from voicelab.report.frames import data_frame

if TYPE_CHECKING:
    import pandas as pd


def points(figures: SweepFigures) -> pd.DataFrame:
    """One row per condition: the figures with intervals, and the change from the clean recordings."""
    return data_frame(wording.rows(figures), wording.columns(figures), index="condition")


def breaks(figures: SweepFigures) -> pd.DataFrame:
    """One row per axis and threshold: the crossing, or a note that there is none, in words."""
    axes = {axis.key: axis.label for axis in figures.axes}
    rows = [(axes[one.axis], one.asked, one.at, one.low, one.high, one.sentence) for one in figures.breaks]
    columns = ["axis", "threshold", "at", "low", "high", "in words"]
    return data_frame(rows, columns, index="axis")
