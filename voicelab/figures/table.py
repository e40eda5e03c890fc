"""The table of figures. Reports, gates, comparisons, sweeps and lists iterate it; a new family is a file and a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voicelab.errors import InputError
from voicelab.figures import (
    action_changes,
    entities,
    first_token,
    intent_accuracy,
    latency,
    model_usage,
    over_reply,
    overlaps,
    responses,
    scenario_success,
    silence,
    stage_losses,
    streaming,
    time_shares,
    tool_calls,
    words,
)
from voicelab.figures.figure import AnyFigure, Figure, Place

Table = Mapping[str, AnyFigure]

_LISTED: tuple[AnyFigure, ...] = (
    *words.FIGURES,
    action_changes.FIGURE,
    *entities.FIGURES,
    intent_accuracy.FIGURE,
    *tool_calls.FIGURES,
    scenario_success.FIGURE,
    *latency.FIGURES,
    *first_token.FIGURES,
    *model_usage.FIGURES,
    *responses.FIGURES,
    *over_reply.FIGURES,
    *overlaps.FIGURES,
    *streaming.FIGURES,
    *silence.FIGURES,
    *stage_losses.FIGURES,
    *time_shares.FIGURES,
)
FIGURES: Table = {figure.name: figure for figure in _LISTED}


def figure_of(name: str, table: Table = FIGURES) -> AnyFigure:
    """Return the figure with this name. Raises InputError that lists the known ones."""
    if name in table:
        return table[name]
    counted = [one for one in table if "." not in one]
    raise InputError(
        f"unknown figure '{name}'; known: {', '.join(counted)}, and stages with a percentile, such as first_audio_s.p95"
        f" (stages: {', '.join(latency.STAGES)}; percentiles: {', '.join(latency.POINTS)})"
    )


def shown_in(place: Place) -> list[AnyFigure]:
    """Return the figures of a place, in the order of the table."""
    return [figure for figure in FIGURES.values() if place in figure.shown_in]


def ratios(figures: Iterable[AnyFigure]) -> list[Figure]:
    """Return the figures that are ratios of counts of turns, for which two runs can be paired by sample."""
    return [figure for figure in figures if isinstance(figure, Figure) and figure.pairable]
