"""Schema of summary.json, format 2. A figure without scored turns is None, never 0."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from voicelab.figures.figure import Better, Group, Unit
from voicelab.metrics.attribution import Stage

FORMAT: Literal[2] = 2

ClusterUnit = Literal["speaker", "conversation", "sample", "scenario"]


class _SummaryRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Bounds(NamedTuple):
    """The ends of an interval."""

    low: float
    high: float


class Measured(_SummaryRecord):
    """A figure over n scored turns (or scenarios).

    part, of: numerator and denominator of a ratio, summed over the n turns. counts: further counts of the figure.
    low, high, level, method: the interval; docs/explanation/confidence_intervals.md describes the methods.
    clustered_by, clusters: its clustering unit, and their number. note: its limitations, such as too few speakers.
    missing, no_interval: the reasons why the value and the interval are absent.
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
        return None if self.low is None or self.high is None else Bounds(self.low, self.high)


class FigureLabel(_SummaryRecord):
    """Format of a figure, for readers without its definition."""

    title: str
    short: str
    unit: Unit
    better: Better
    group: Group = "other"


class NormalizerUsed(_SummaryRecord):
    """The normalizer of references and hypotheses."""

    name: str
    version: str
    word_map: str | None = None


class Resampling(_SummaryRecord):
    """Method of the intervals over all turns; groups of turns may fall back to samples as clusters.

    note: limitations, such as too few speakers.
    """

    level: float
    unit: ClusterUnit
    clusters: int
    seed: int
    draws: int
    note: str | None = None


class TurnCounts(_SummaryRecord):
    """Numbers of turns by outcome. primary: the turns that figures use, one per sample.

    nothing_heard: turns with an empty transcript; they are scored and do not count as failed.
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
    """A lost entity or action, and the stage that lost it.

    earlier: the recognizer lost it in an earlier turn of the conversation.
    """

    key: str
    what: Literal["entity", "action"]
    name: str
    stage: Stage
    earlier: bool = False
    note: str = ""


class Attribution(_SummaryRecord):
    """Attribution of losses. The shares are figures: entities_lost_asr, actions_lost, time_share_tts, ...

    absent: why losses are unknown. unlike: number of turns in which the agent answered the same text differently than
    in the run. listener: the recognizer that transcribed the replies; its own errors count as the voice's losses.
    """

    absent: str | None = None
    n: int
    not_scored: int
    unlike: int
    listener: str | None
    losses: tuple[Loss, ...]


class ColdTurn(_SummaryRecord):
    """A turn right after loading; it is not used in percentiles."""

    key: str
    stages: dict[str, float | None]


class Waterfall(_SummaryRecord):
    """The stage times of the turn with the median turn_s; they sum to turn_s."""

    key: str
    turn_s: float
    parts: dict[str, float]


class ScenarioOutcome(_SummaryRecord):
    """A scenario's result. success: None if not all turns were run, or the expected entities are unknown.

    speaker: the speaker of all its turns; None if they have several, or the sample set names none.
    """

    id: str
    speaker: str | None = None
    turns: int
    answered: int
    success: bool | None
    expected: tuple[str, ...] | None
    missing: tuple[str, ...]
    note: str = ""


class ThresholdPoint(_SummaryRecord):
    """Precision and recall if the agent had accepted candidates with at least this score."""

    threshold: float
    found: int
    missed: int
    unexpected: int
    precision: float | None
    recall: float | None
    f1: float | None


class WERAtTime(_SummaryRecord):
    """Word error rate of the transcripts as they stood at a time. at_s: seconds from the end of the caller's speech."""

    at_s: float
    wer: Measured


class LinkerSummary(_SummaryRecord):
    """The threshold curve. threshold_used: None if the agent has none; points: empty without candidates."""

    threshold_used: float | None
    n: int
    note: str
    points: tuple[ThresholdPoint, ...]


FiguresByMember = dict[str, dict[str, Measured]]
"""Figures by name, for each member of a grouping."""


class Summary(_SummaryRecord):
    """The content of summary.json.

    headline: `wer` or `cer`, by language. warnings: reasons why a figure may be misleading. figures: by name, in the
    order of the table. by: the same for each `category`, `speaker`, `condition` and `entity_class`, without unscored
    figures; a scenario has no category, and the speaker of all its turns. labels: of figures from outside the package.
    confusion: expected -> recognized intent -> turns; the recognized intent of an empty transcript is `(no speech)`.
    wer_over_time: empty without partial transcripts.
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
    wer_over_time: tuple[WERAtTime, ...] = ()
    attribution: Attribution | None = None
