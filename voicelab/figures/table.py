"""The table of figures. Reports, gates, comparisons, sweeps and lists iterate it; a new figure is a file and a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voicelab.errors import InputError
from voicelab.figures import (
    action_changes,
    cer,
    dead_air,
    early_answers,
    entity_commit,
    entity_f1,
    entity_precision,
    entity_recall,
    entity_recall_agent,
    entity_recall_answered,
    entity_recall_linked,
    entity_recall_linked_answered,
    entity_recall_said,
    entity_recall_session,
    entity_wer,
    false_speech_per_minute,
    first_token,
    flicker,
    intent_accuracy,
    latency,
    mer,
    model_usage,
    response_rate,
    response_timed,
    scenario_success,
    selectivity,
    sentence_error_rate,
    silence_kept,
    stage_losses,
    streaming_wer_gap,
    talk_over,
    time_shares,
    tool_calls_extra,
    tool_calls_missed,
    tool_calls_right,
    tool_turns_right,
    wer,
    wer_after,
    wil,
    yield_latency,
    yield_rate,
)
from voicelab.figures.figure import AnyFigure, Figure, Place

Table = Mapping[str, AnyFigure]

_LISTED: tuple[AnyFigure, ...] = (
    wer.FIGURE,
    cer.FIGURE,
    mer.FIGURE,
    wil.FIGURE,
    sentence_error_rate.FIGURE,
    action_changes.FIGURE,
    entity_recall.FIGURE,
    entity_recall_answered.FIGURE,
    entity_recall_session.FIGURE,
    entity_recall_linked.FIGURE,
    entity_recall_linked_answered.FIGURE,
    entity_recall_said.FIGURE,
    entity_recall_agent.FIGURE,
    entity_precision.FIGURE,
    entity_f1.FIGURE,
    entity_wer.FIGURE,
    intent_accuracy.FIGURE,
    tool_turns_right.FIGURE,
    tool_calls_right.FIGURE,
    tool_calls_missed.FIGURE,
    tool_calls_extra.FIGURE,
    scenario_success.FIGURE,
    *latency.FIGURES,
    *first_token.FIGURES,
    *model_usage.FIGURES,
    response_rate.FIGURE,
    response_timed.FIGURE,
    early_answers.FIGURE,
    *yield_latency.FIGURES,
    yield_rate.FIGURE,
    *selectivity.FIGURES,
    talk_over.FIGURE,
    dead_air.FIGURE,
    *entity_commit.FIGURES,
    flicker.FIGURE,
    streaming_wer_gap.FIGURE,
    *wer_after.FIGURES,
    silence_kept.FIGURE,
    false_speech_per_minute.FIGURE,
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
