"""The figures of a run by name: where each stands in the summary, and what a single turn adds to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from voicelab.errors import InputError
from voicelab.metrics.entities import FoundCounts
from voicelab.metrics.latency import QUANTILES
from voicelab.metrics.paired import Share
from voicelab.scoring.schema import Bounds, Estimate, StageFigures, Summary
from voicelab.scoring.summary import STAGES
from voicelab.scoring.turns import TurnScore

Better = Literal["low", "high"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run says of a figure. missing: why it has no value; no_interval: why a value has no interval."""

    value: float | None
    bounds: Bounds | None
    n: int
    missing: str = ""
    no_interval: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate of a run. of_turn: (part, whole) that a turn adds, None where it was not scored; None: no sum of turns."""

    name: str
    title: str
    better: Better
    of_summary: Callable[[Summary], Estimate]
    of_turn: Callable[[TurnScore], Share | None] | None = None

    def measured(self, summary: Summary) -> Measured:
        found = self.of_summary(summary)
        missing = "" if found.value is not None else "nothing was scored"
        return Measured(found.value, found.interval, found.n, missing, found.no_interval or "")


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile of a stage's time over the turns that were not cold; quantile is None for the largest."""

    name: str
    stage: str
    which: str
    quantile: float | None
    better: Better = "low"

    @property
    def title(self) -> str:
        return f"{self.stage}, {self.which}"

    def measured(self, summary: Summary) -> Measured:
        stage: StageFigures = summary.latency.stages[self.stage]
        if self.which in stage.refused:
            return Measured(None, None, stage.n, f"n too small: {stage.n} of {stage.refused[self.which]} turns")
        value: float | None = getattr(stage, self.which)
        bounds: Bounds | None = getattr(stage, f"{self.which}_interval", None)
        reason = stage.no_interval.get(self.which, "")
        return Measured(value, bounds, stage.n, "" if value is not None else "no turn was timed", reason)


def _found(counts: FoundCounts | None) -> Share | None:
    return None if counts is None else (counts.found, counts.expected)


def _words(score: TurnScore) -> Share | None:
    return None if score.words is None else (score.words.errors, score.words.reference_words)


def _characters(score: TurnScore) -> Share | None:
    return None if score.characters is None else (score.characters.errors, score.characters.reference_words)


def _matches(score: TurnScore) -> Share | None:
    return None if score.words is None else (score.words.errors, score.words.hits + score.words.errors)


def _precision(score: TurnScore) -> Share | None:
    return None if score.agent is None else (score.agent.found, score.agent.found + score.agent.unexpected)


def _f1(score: TurnScore) -> Share | None:
    counts = score.agent
    return None if counts is None else (2 * counts.found, counts.expected + counts.found + counts.unexpected)


def _entity_words(score: TurnScore) -> Share | None:
    return None if score.entity_words is None else (score.entity_words.errors, score.entity_words.words)


def _intent(score: TurnScore) -> Share | None:
    return None if score.intent_right is None else (int(score.intent_right), 1)


RATES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure("wer", "word error rate", "low", lambda s: s.words.overall.wer, _words),
        Figure("cer", "character error rate", "low", lambda s: s.words.overall.cer, _characters),
        Figure("mer", "match error rate", "low", lambda s: s.words.overall.mer, _matches),
        Figure("wil", "word information lost", "low", lambda s: s.words.overall.wil),
        Figure(
            "entity_recall", "entity recall, heard", "high",
            lambda s: s.entities.surface_heard, lambda score: _found(score.heard),
        ),
        Figure(
            "entity_recall_answered", "entity recall, answered", "high",
            lambda s: s.entities.surface_answered, lambda score: _found(score.answered),
        ),
        Figure(
            "entity_recall_session", "entity recall, session", "high",
            lambda s: s.entities.surface_session, lambda score: _found(score.session),
        ),
        Figure(
            "entity_recall_linked", "entity recall, linked, heard", "high",
            lambda s: s.entities.linked_heard, lambda score: _found(score.linked_heard),
        ),
        Figure(
            "entity_precision", "agent's companies, precision", "high",
            lambda s: s.entities.agent_precision, _precision,
        ),
        Figure("entity_f1", "agent's companies, F1", "high", lambda s: s.entities.agent_f1, _f1),
        Figure("entity_wer", "entity word error rate", "low", lambda s: s.entities.entity_wer, _entity_words),
        Figure("intent_accuracy", "intent accuracy", "high", lambda s: s.intents.accuracy, _intent),
        Figure("scenario_success", "scenarios succeeded", "high", lambda s: s.scenarios.success),
    )
}  # fmt: skip
_POINTS: dict[str, float | None] = {name.removesuffix("_s"): at for name, at in QUANTILES.items()} | {"max": None}
PERCENTILES: dict[str, Percentile] = {
    f"{stage}.{which}": Percentile(f"{stage}.{which}", stage, which, quantile)
    for stage in STAGES
    for which, quantile in _POINTS.items()
}


def figure_of(name: str) -> Figure | Percentile:
    """The figure of this name; InputError lists the known ones."""
    if name in RATES:
        return RATES[name]
    if name in PERCENTILES:
        return PERCENTILES[name]
    raise InputError(
        f"unknown figure '{name}'; known: {', '.join(RATES)}, and a stage with a percentile, as first_audio_s.p95"
        f" (stages: {', '.join(STAGES)}; percentiles: {', '.join(_POINTS)})"
    )
