"""Losses by stage and changed actions, as tables and for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.attribution import STAGES
from voicelab.report.text_tables import as_text
from voicelab.report.wording import CAUSE_NAMES, estimate
from voicelab.runs.records import TurnResult
from voicelab.scoring.schema import Attribution, Loss, Measured, Summary

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
    """The losses of one stage in one turn. texts: (label, text) of the stage's input."""

    key: str
    texts: tuple[tuple[str, str], ...]
    losses: tuple[Loss, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(loss.note for loss in self.losses if loss.note))


@dataclass(frozen=True, slots=True)
class StageLosses:
    """The turns in which a stage lost something. total: of the whole run; turns: those that the page shows."""

    name: str
    total: int
    turns: tuple[LossView, ...]


@dataclass(frozen=True, slots=True)
class AttributionView:
    """The section of the page. stages: those that lost something."""

    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    stages: tuple[StageLosses, ...]


def causes(summary: Summary) -> pd.DataFrame:
    """What each stage lost of the expected entities and actions, and its share of the time; the last row is all.

    Numbers, with `low` and `high` of each; `lost` and `expected` are the counts of entities.
    """
    import pandas as pd

    rows = []
    for stage in (*STAGES, "rest", ""):
        row: dict[str, Any] = {"stage": CAUSE_NAMES.get(stage, "all")}
        for what in ("entities", "actions"):
            found = summary.figures.get(f"{what}_lost_{stage}" if stage else f"{what}_lost")
            row |= _numbers(f"{what} lost", found) | {f"{what} counts": _counts(found)}
            row[f"{what} lost missing"] = _unheard(summary, found) if stage == "tts" else None
        row |= _numbers("share of the time", summary.figures.get(f"time_share_{stage}"))
        rows.append(row)
    return pd.DataFrame(rows).set_index("stage")


def _numbers(column: str, found: Measured | None) -> dict[str, Any]:
    values = (None, None, None) if found is None else (found.value, found.low, found.high)
    return dict(zip((column, f"{column} low", f"{column} high"), values, strict=True))


def _unheard(summary: Summary, found: Measured | None) -> str | None:
    known = summary.attribution is not None and summary.attribution.absent is None
    return "not listened to" if known and (found is None or not found.n) else None


def _counts(found: Measured | None) -> str | None:
    return f"{found.part:.0f} of {found.of:.0f}" if found is not None and found.part is not None and found.of else None


def losses(summary: Summary) -> pd.DataFrame:
    """Each lost entity and action with the stage that lost it."""
    import pandas as pd

    found = summary.attribution.losses if summary.attribution is not None else ()
    rows = [(one.key, one.what, one.name, CAUSE_NAMES[one.stage], one.earlier, one.note) for one in found]
    return pd.DataFrame(rows, columns=["turn", "what", "lost", "by", "in an earlier turn", "note"]).set_index("turn")


def equivalence(summary: Summary) -> pd.DataFrame:
    """In how many turns the recognizer changed what the agent does, and what of it; empty where it is not known."""
    import pandas as pd

    found = summary.figures.get("action_changes")
    rows: list[tuple[str, float | None, float | None, float | None, float, float]] = []
    if found is not None and found.part is not None and found.of:
        rows = [("any of it", found.value, found.low, found.high, found.part, found.of)]
        for part, name in _CHANGES.items():
            count = found.counts.get(part, 0)
            rows.append((name, count / found.of, None, None, count, found.of))
    columns = ["what changes", "value", "low", "high", "part", "of"]
    return pd.DataFrame(rows, columns=columns).set_index("what changes")


def why_view(summary: Summary, scores: Sequence[TurnScore]) -> AttributionView:
    """Losses by stage. scores: of the turns that the page shows; only these are listed one by one."""
    found = summary.attribution
    if found is None:
        return AttributionView("Not in this summary.", (), (), ())
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
        return f"What each stage lost is not known: {found.absent}."
    parts = [
        f"We ran the agent again on the reference transcripts of {found.n} turns. What it gets right then was lost by "
        "the recognizer; what is missing even then was lost by the agent."
    ]
    if found.listener is not None:
        ear = found.listener.partition(":")[0]
        parts.append(
            f"{ear} transcribed the replies: what an answer names and this transcript does not counts as lost by the "
            "voice. What that recognizer misses is part of it."
        )
        misses = summary.figures.get("listener_misses")
        if misses is not None and misses.value is not None:
            parts.append(f"In the requests it missed {misses.part} of {misses.of} such names, {estimate(misses)}.")
    else:
        parts.append("To see what the voice lost, transcribe the replies: voicelab attribute RUN --listen ASR.")
    if found.unlike:
        parts.append(f"In {found.unlike} turns the agent gave another answer than in the run to the same text.")
    if found.not_scored:
        parts.append(f"{found.not_scored} turns were not scored.")
    return " ".join(parts)
