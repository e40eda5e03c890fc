"""The table of figures. Reports, gates, comparisons, sweeps and lists iterate it; a new figure is a file and a line."""

from collections.abc import Iterable, Mapping
from importlib import import_module

from voicelab.errors import InputError
from voicelab.figures.figure import AnyFigure, Figure, Place
from voicelab.figures.latency import POINTS, STAGES

Table = Mapping[str, AnyFigure]
_FILES = (
    "wer",
    "cer",
    "mer",
    "wil",
    "sentence_error_rate",
    "action_changes",
    "entity_recall",
    "entity_recall_answered",
    "entity_recall_session",
    "entity_recall_linked",
    "entity_recall_linked_answered",
    "entity_recall_said",
    "entity_recall_agent",
    "entity_precision",
    "entity_f1",
    "entity_wer",
    "intent_accuracy",
    "tool_turns_right",
    "tool_calls_right",
    "tool_calls_missed",
    "tool_calls_extra",
    "scenario_success",
    "latency",
    "first_token",
    "model_usage",
    "response_rate",
    "response_timed",
    "early_answers",
    "yield_latency",
    "yield_rate",
    "selectivity",
    "talk_over",
    "dead_air",
    "entity_commit",
    "flicker",
    "streaming_wer_gap",
    "wer_after",
    "silence_kept",
    "false_speech_per_minute",
    "stage_losses",
    "time_shares",
)
"""The files of this package that define figures, in the order of reports."""


def _figures_in(file: str) -> tuple[AnyFigure, ...]:
    """Return the figures of a file: its FIGURES, or its single FIGURE."""
    module = import_module(f"voicelab.figures.{file}")
    figures: tuple[AnyFigure, ...] = module.FIGURES if hasattr(module, "FIGURES") else (module.FIGURE,)
    return figures


FIGURES: Table = {figure.name: figure for file in _FILES for figure in _figures_in(file)}


def figure_of(name: str, table: Table = FIGURES) -> AnyFigure:
    """Return the figure with this name. Raises InputError that lists the known ones."""
    if name in table:
        return table[name]
    counted = [one for one in table if "." not in one]
    raise InputError(
        f"unknown figure '{name}'; known: {', '.join(counted)}, and stages with a percentile, such as first_audio_s.p95"
        f" (stages: {', '.join(STAGES)}; percentiles: {', '.join(POINTS)})"
    )


def shown_in(place: Place) -> list[AnyFigure]:
    """Return the figures of a place, in the order of the table."""
    return [figure for figure in FIGURES.values() if place in figure.shown_in]


def ratios(figures: Iterable[AnyFigure]) -> list[Figure]:
    """Return the figures that are ratios of counts of turns, for which two runs can be paired by sample."""
    return [figure for figure in figures if isinstance(figure, Figure) and figure.pairable]
