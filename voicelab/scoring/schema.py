"""The shape of summary.json: every figure with its counts and its interval. Nothing scored is None, never 0."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SUMMARY_VERSION: Literal[1] = 1

Unit = Literal["speaker", "conversation", "sample", "scenario"]


class _SummaryRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Bounds(_SummaryRecord):
    """An interval; docs/explanation/confidence_intervals.md has the methods.

    unit: what is kept whole when resampling. clusters: their number. note: what limits the interval, such as too few
    speakers.
    """

    low: float
    high: float
    level: float
    method: str
    unit: Unit
    clusters: int
    note: str | None = None


class Estimate(_SummaryRecord):
    """A figure over n scored turns (or scenarios). no_interval: why a figure that has a value has no interval."""

    value: float | None
    n: int
    interval: Bounds | None = None
    no_interval: str | None = None


class Rate(Estimate):
    """part / whole, from counts summed over the n scored turns."""

    part: int
    whole: int


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
    unit: Unit
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


class WordFigures(_SummaryRecord):
    """Word errors of a group of turns. not_scored: turns that broke before anything was heard."""

    n: int
    not_scored: int
    reference_words: int
    hits: int
    substitutions: int
    deletions: int
    insertions: int
    wer: Rate
    cer: Rate
    mer: Rate
    wil: Estimate


class WordSummary(_SummaryRecord):
    overall: WordFigures
    by_category: dict[str, WordFigures]
    by_speaker: dict[str, WordFigures]


class SilenceSummary(_SummaryRecord):
    """Samples in which nobody speaks. n: those that were scored; failed: those that broke before that.

    nothing_heard: in which nothing was recognized, as is right. false_words: what was recognized in the others.
    audio_s: how long the scored ones are; None where a target does not say.
    """

    n: int
    failed: int
    nothing_heard: int
    false_words: int
    audio_s: float | None
    false_words_per_minute: float | None


class EntitySummary(_SummaryRecord):
    """Expected entities found (surface: as written; linked: companies by any of their names).

    surface_said: the recall that a perfect transcript has, because tickers are rarely said as they are written; None in
    summaries made before there was this figure.
    """

    not_scored: int
    surface_said: Rate | None = None
    surface_heard: Rate
    surface_answered: Rate
    surface_session: Rate
    linked_heard: Rate
    linked_answered: Rate
    agent_precision: Rate
    agent_recall: Rate
    agent_f1: Rate
    entity_wer: Rate


class EntityClassFigures(_SummaryRecord):
    """One class of entities. surface: as written; linked: in any form, a company by any of its names, each once.

    agent_*: what the agent took from the words against what was expected, nothing scored where it takes none of this
    class.
    """

    surface_heard: Rate
    linked_heard: Rate
    agent_recall: Rate
    agent_precision: Rate
    agent_f1: Rate
    entity_wer: Rate


class EquivalenceSummary(_SummaryRecord):
    """Turns in which the agent does something else with the transcript than with the reference, and what changes.

    absent: why it is not known.
    """

    absent: str | None = None
    not_scored: int
    changed: Rate
    intent: int
    companies: int
    amounts: int
    changes: int
    calls: int = 0


class StageLosses(_SummaryRecord):
    """What each stage lost of what was expected: lost = asr + agent + tts; tts is None where nobody listened."""

    lost: Rate
    asr: Rate
    agent: Rate
    tts: Rate | None


class Loss(_SummaryRecord):
    """One expected entity or action that was lost, and the stage that lost it.

    earlier: the recognizer lost it in an earlier turn of the conversation, not in this one.
    """

    key: str
    what: Literal["entity", "action"]
    name: str
    stage: Literal["asr", "agent", "tts"]
    earlier: bool = False
    note: str = ""


class Attribution(_SummaryRecord):
    """Why it failed: losses by stage, and where the time went.

    absent: why losses are not known. unlike: turns in which the agent, asked the same again, gave another answer than
    in the run. listener: the recognizer that heard the replies again; what it misses itself counts against the voice.
    listener_misses: what it missed of the entities that people said in the requests, where it is the run's own.
    time: the share of the turns' summed time by stage; the shares sum to 1.
    """

    absent: str | None = None
    n: int
    not_scored: int
    unlike: int
    listener: str | None
    listener_misses: Rate | None = None
    entities: StageLosses
    actions: StageLosses
    time: dict[str, Estimate]
    losses: tuple[Loss, ...]


class IntentSummary(_SummaryRecord):
    """confusion: expected -> recognized -> turns; `(no speech)` is recognized where nothing was heard."""

    not_scored: int
    accuracy: Rate
    confusion: dict[str, dict[str, int]]


class StageFigures(_SummaryRecord):
    """Quantiles of a stage, in the unit that its name ends in (`_s`: seconds; `rtf` has none).

    refused: the percentiles that n turns are too few for, each with the number of turns that it needs.
    no_interval: the percentiles that have a value but no interval, each with the reason.
    """

    n: int
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None
    p50_interval: Bounds | None = None
    p90_interval: Bounds | None = None
    p95_interval: Bounds | None = None
    p99_interval: Bounds | None = None
    refused: dict[str, int] = {}
    no_interval: dict[str, str] = {}


class ColdTurn(_SummaryRecord):
    """A turn taken right after loading; it is in no quantile."""

    key: str
    stages: dict[str, float | None]


class Waterfall(_SummaryRecord):
    """Where the time of one real turn went, the one with the median turn_s; the parts sum to turn_s."""

    key: str
    turn_s: float
    parts: dict[str, float]


class LatencySummary(_SummaryRecord):
    mode: str
    n: int
    stages: dict[str, StageFigures]
    cold: tuple[ColdTurn, ...]
    median_turn: Waterfall | None


class ScenarioOutcome(_SummaryRecord):
    """success is None when it cannot be known: not all turns were taken, or what was expected is not known."""

    id: str
    turns: int
    answered: int
    success: bool | None
    expected: tuple[str, ...] | None
    missing: tuple[str, ...]
    note: str = ""


class ScenarioSummary(_SummaryRecord):
    success: Rate
    not_scored: int
    each: tuple[ScenarioOutcome, ...]


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


class Summary(_SummaryRecord):
    """summary.json: what a run measured.

    headline: the error rate that the language is scored by. warnings: why a figure may not mean what its name says.
    silence: the samples without speech; None where the set has none.
    """

    format_version: Literal[1] = SUMMARY_VERSION
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
    words: WordSummary
    silence: SilenceSummary | None = None
    entities: EntitySummary
    intents: IntentSummary
    latency: LatencySummary
    scenarios: ScenarioSummary
    linker: LinkerSummary
    entity_classes: dict[str, EntityClassFigures] = {}
    equivalence: EquivalenceSummary | None = None
    attribution: Attribution | None = None
