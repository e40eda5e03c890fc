"""Select the figures of a summary that a place shows, with their labels."""

from collections.abc import Iterator

from voicelab.figures.figure import AnyFigure, Place
from voicelab.figures.table import FIGURES
from voicelab.scoring.schema import FigureLabel, Measured, Summary

Labelled = tuple[str, AnyFigure | FigureLabel, Measured]
_ERROR_RATES = ("wer", "cer")


def leading(summary: Summary, place: Place = "report") -> list[Labelled]:
    """The figures shown in a place, as (name, label, measured). Only one of WER and CER is shown, by language.

    Figures without evidence are included, except those marked `only_with_evidence`. Figures from outside the package
    are always included.
    """
    return [
        (name, label, found)
        for name, label, found in labelled(summary)
        if (isinstance(label, FigureLabel) or place in label.shown_in)
        and not (name in _ERROR_RATES and name != summary.headline)
        and not (getattr(label, "only_with_evidence", False) and not found.n)
    ]


def labelled(summary: Summary) -> Iterator[Labelled]:
    """Every figure of a summary with its label. Figures without a known label are left out."""
    for name, found in summary.figures.items():
        label = FIGURES.get(name) or summary.labels.get(name)
        if label is not None:
            yield name, label, found
