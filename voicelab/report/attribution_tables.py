"""Tables and the report section of losses by stage and of changed actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.attribution import STAGES
from voicelab.report.frames import data_frame
from voicelab.report.text_tables import as_text
from voicelab.report.wording import CAUSE_NAMES, estimate
from voicelab.runs.records import TurnResult
from voicelab.scoring.schema import Attribution, Loss, Measured, Summary
from voicelab.text.plural import counted

if TYPE_CHECKING:
    import pandas as pd

_CHANGES = {
    "intent": "the intent",
    "companies": "the companies",
    "amounts": "the amounts",
    "changes": "the changes to the watchlist",
    "calls": "the tool calls",
}


@dataclass(frozen=True, slots=True)
class LossView:
    """Losses of a stage in one turn. texts: (label, text) pairs that show the stage's input."""

    key: str
    texts: tuple[tuple[str, str], ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class StageLosses:
    """The turns with losses of a stage. total: their number in the whole run; turns: those that the page shows."""

    name: str
    total: int
    turns: tuple[LossView, ...]


@dataclass(frozen=True, slots=True)
class AttributionView:
    """The attribution section of the page. stages: those with losses."""

    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    stages: tuple[StageLosses, ...]


def causes(summary: Summary) -> pd.DataFrame:
    """Return a row per stage: its share of lost entities and actions, and of the time. The last row is the total.

    The columns are numeric; each share has columns `low` and `high`, and `counts` with its numerator and denominator.
    """
    rows = []
    known = summary.attribution is not None and summary.attribution.absent is None
    for stage in (*STAGES, "rest", ""):
        row: dict[str, Any] = {"stage": CAUSE_NAMES.get(stage, "all")}
        for what in ("entities", "actions"):
            found = summary.figures.get(f"{what}_lost_{stage}" if stage else f"{what}_lost")
            unheard = stage == "tts" and known and (found is None or not found.n)
            row |= interval_columns(f"{what} lost", found) | {f"{what} counts": _counts(found)}
            row[f"{what} lost missing"] = "not listened to" if unheard else None
        row |= interval_columns("share of the time", summary.figures.get(f"time_share_{stage}"))
        rows.append(row)
    return data_frame(rows, index="stage")


def interval_columns(column: str, found: Measured | None) -> dict[str, Any]:
    """Return a figure's value and interval as the columns `{column}`, `{column} low` and `{column} high`."""
    values = (None, None, None) if found is None else (found.value, found.low, found.high)
    return dict(zip((column, f"{column} low", f"{column} high"), values, strict=True))


def _counts(found: Measured | None) -> str | None:
    return f"{found.part:.0f} of {found.of:.0f}" if found is not None and found.part is not None and found.of else None


def losses(summary: Summary) -> pd.DataFrame:
    """Return a row for each lost entity and action, with the stage that lost it."""
    found = summary.attribution.losses if summary.attribution is not None else ()
    rows = [(one.key, one.what, one.name, CAUSE_NAMES[one.stage], one.earlier, one.note) for one in found]
    return data_frame(rows, ["turn", "what", "lost", "by", "in an earlier turn", "note"], index="turn")


def equivalence(summary: Summary) -> pd.DataFrame:
    """Return the number of turns in which recognition errors changed the agent's actions; empty if unknown."""
    found = summary.figures.get("action_changes")
    rows: list[tuple[str, float | None, float | None, float | None, float, float]] = []
    if found is not None and found.part is not None and found.of:
        rows = [("any of it", found.value, found.low, found.high, found.part, found.of)]
        for part, name in _CHANGES.items():
            count = found.counts.get(part, 0)
            rows.append((name, count / found.of, None, None, count, found.of))
    columns = ["what changes", "value", "low", "high", "part", "of"]
    return data_frame(rows, columns, index="what changes")


def why_view(summary: Summary, scores: Sequence[TurnScore]) -> AttributionView:
    """Return the attribution section. scores: the turns that the page shows; only their losses are listed."""
    found = summary.attribution
    if found is None:
        return AttributionView("This summary contains no attribution.", (), (), ())
    by_key = {score.turn.key: score.turn for score in scores}
    stages = []
    for stage in STAGES:
        grouped: dict[str, list[Loss]] = {}
        for loss in found.losses:
            if loss.stage == stage:
                grouped.setdefault(loss.key, []).append(loss)
        views = tuple(
            LossView(key, _texts(by_key[key], stage), tuple(members))
            for key, members in grouped.items()
            if key in by_key
        )
        if grouped:
            stages.append(StageLosses(CAUSE_NAMES[stage], len(grouped), views))
    shown = as_text(causes(summary)).reset_index()
    rows = tuple(tuple(map(str, row)) for row in shown.itertuples(index=False))
    return AttributionView(_note(summary, found), tuple(map(str, shown.columns)), rows, tuple(stages))


def _texts(turn: TurnResult, stage: str) -> tuple[tuple[str, str], ...]:
    if stage == "tts":
        return (("answered", turn.answer or ""),)
    return ("said", turn.text), ("heard", turn.heard or "nothing")


def _note(summary: Summary, found: Attribution) -> str:
    if found.absent is not None:
        return f"Losses are not attributed to stages: {found.absent}."
    parts = [
        f"We re-ran the agent on the reference transcripts of {counted(found.n, 'turn')}. What it gets right then was "
        "lost by the recognizer; what is still missing was lost by the agent."
    ]
    if found.listener is not None:
        ear = found.listener.partition(":")[0]
        parts.append(
            f"{ear} transcribed the replies. Entities of the answer that this transcript lacks count as lost by the "
            "voice, although that recognizer may have missed them."
        )
        misses = summary.figures.get("listener_misses")
        if misses is not None and misses.value is not None:
            parts.append(f"In the requests, it missed {misses.part} of {misses.of} such entities, {estimate(misses)}.")
    else:
        parts.append("To measure losses of the voice, transcribe the replies: voicelab attribute RUN --listen ASR.")
    if found.unlike:
        parts.append(
            f"In {counted(found.unlike, 'turn')} the agent's answer to the same text differs from that in the run."
        )
    if found.not_scored:
        parts.append(f"Not scored: {counted(found.not_scored, 'turn')}.")
    return " ".join(parts)
