"""The figures of a run: one file each, and the table that everything else iterates."""

from voicelab.figures.figure import AnyFigure, Counts, Figure, Percentile, Ratio
from voicelab.figures.scored_turn import TurnScore

__all__ = ["AnyFigure", "Counts", "Figure", "Percentile", "Ratio", "TurnScore"]
