"""The shape of summary.json, format 2: every figure with its counts and interval. Nothing scored is None, never 0."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from voicelab.figures.figure import Better, Group, Unit
from voicelab.metrics.attribution import Stage

FORMAT: Literal[2] = 2

ClusterUnit = Literal["speaker", "conversation", "sample", "scenario"]


class _SummaryRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Bounds(NamedTuple):
    """An interval; docs/explanation/confidence_intervals.md has the methods.

    unit: what is kept whole when resampling. clusters: their number. note: what limits the interval, such as too few
    speakers.
    """

    low: float
    high: float
    level: float
    method: str
    unit: ClusterUnit
    clusters: int
    note: str | None = None


class Measured(_SummaryRecord):
    """A figure over n scored turns (or scenarios).

    part, of: numerator and denominator of a ratio, summed over the n turns. counts: what else the figure counts.
    low, high, level, method, clustered_by, clusters, note: the interval (`Bounds`). missing: why there is no value;
    no_interval: why a value has no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    part: int | float | None = None
    of: int | float | None = None
    method: str | None = None
    level: float | None = None
    clustered_by: ClusterUnit | None = None
    clusters: int | None = None
    note: str | None = None
    missing: str | None = None
    no_interval: str | None = None
    counts: dict[str, int | float] = {}

    @property
    def interval(self) -> Bounds | None:
        if self.low is None or self.high is None:
            return None
        return Bounds(
            self.low,
            self.high,
            self.level or 0.0,
            self.method or "",
            self.clustered_by or "sample",
            self.clusters or 0,
            self.note,
        )


class FigureLabel(_SummaryRecord):
    """How a figure is written, for readers who do not have the figure itself."""

    title: str
    short: str
    unit: Unit
    better: Better
    group: Group = "other"


class NormalizerUsed(_SummaryRecord):
    """How references and hypotheses were brought to one spelling."""

    name: str
    version: str
    word_map: str | None = None


class Resampling(_SummaryRecord):
    """How the intervals over all turns were made; a group of turns may have to fall back to single samples.

    note: what limits them, such as too few speakers.
    """

    level: float
    unit: ClusterUnit
    clusters: int
    seed: int
    draws: int
    note: str | None = None


class TurnCounts(_SummaryRecord):
    """What became of the planned turns. primary: those that the figures are made of, one for each sample.

    nothing_heard: turns in which no speech was recognized; they are scored, and are not among the failed.
    """

    planned: int
    answered: int
    failed: int
    nothing_heard: int = 0
    missing: int
    primary: int
    primary_answered: int
    primary_failed: int
    cold: int
    failures: dict[str, int]


class Loss(_SummaryRecord):
    """One expected entity or action that was lost, and the stage that lost it.

    earlier: the recognizer lost it in an earlier turn of the conversation, not in this one.
    """

    key: str
    what: Literal["entity", "action"]
    name: str
    stage: Stage
    earlier: bool = False
    note: str = ""


class Attribution(_SummaryRecord):
    """Why it failed. The shares are figures: entities_lost_asr, actions_lost, time_share_tts, ...

    absent: why losses are not known. unlike: turns in which the agent, given the same text again, gave another answer
    than in the run. listener: the recognizer that transcribed the replies; what it misses counts against the voice.
    """

    absent: str | None = None
    n: int
    not_scored: int
    unlike: int
    listener: str | None
    losses: tuple[Loss, ...]


class ColdTurn(_SummaryRecord):
    """A turn taken right after loading; it is in no percentile."""

    key: str
    stages: dict[str, float | None]


class Waterfall(_SummaryRecord):
    """Where the time of one real turn went, the one with the median turn_s; the parts sum to turn_s."""

    key: str
    turn_s: float
    parts: dict[str, float]


class ScenarioOutcome(_SummaryRecord):
    """success is None when it cannot be known: not all turns were taken, or what was expected is not known."""

    id: str
    turns: int
    answered: int
    success: bool | None
    expected: tuple[str, ...] | None
    missing: tuple[str, ...]
    note: str = ""


class ThresholdPoint(_SummaryRecord):
    """What the agent's candidates would have given, had those with at least this score been taken."""

    threshold: float
    found: int
    missed: int
    unexpected: int
    precision: float | None
    recall: float | None
    f1: float | None


class LinkerSummary(_SummaryRecord):
    """threshold_used is None when the agent has none; points is empty when it named no candidates."""

    threshold_used: float | None
    n: int
    note: str
    points: tuple[ThresholdPoint, ...]


FiguresByMember = dict[str, dict[str, Measured]]
"""Figures by name, of each member of a grouping."""


class Summary(_SummaryRecord):
    """summary.json: what a run measured.

    headline: the error rate that the language is scored by. warnings: why a figure may not mean what its name says.
    figures: by name, in the order of the table. by: the same for each `category`, `speaker`, `condition` and
    `entity_class`, without what was not scored there. labels: of figures that do not come with voicelab.
    confusion: expected -> recognized -> turns; `(no speech)` is recognized where nothing was heard.
    """

    format: Literal[2] = FORMAT
    run_id: str
    status: Literal["running", "finished", "interrupted", "failed"]
    mode: str
    target: str
    condition: str | None = None
    normalizer: NormalizerUsed
    language: str | None = None
    headline: Literal["wer", "cer"] = "wer"
    warnings: tuple[str, ...] = ()
    resampling: Resampling
    turns: TurnCounts
    figures: dict[str, Measured]
    by: dict[str, FiguresByMember] = {}
    labels: dict[str, FigureLabel] = {}
    confusion: dict[str, dict[str, int]] = {}
    cold: tuple[ColdTurn, ...] = ()
    median_turn: Waterfall | None = None
    scenarios: tuple[ScenarioOutcome, ...] = ()
    linker: LinkerSummary
    attribution: Attribution | None = None
