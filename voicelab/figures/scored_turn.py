"""A scored turn, the input of every figure."""

from collections.abc import Mapping
from dataclasses import dataclass

from voicelab.metrics.attribution import LossCounts
from voicelab.metrics.commit_times import StreamingCounts
from voicelab.metrics.entities import FoundCounts, SpanCounts
from voicelab.metrics.equivalence import EquivalenceCounts
from voicelab.metrics.tool_calls import ToolCallCounts
from voicelab.metrics.words import AlignmentStep, WordCounts
from voicelab.runs.records import TurnResult


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """The counts of one entity class in one turn.

    agent: expected entities compared with those that the agent claims; None without an answer.
    """

    surface: FoundCounts
    linked: FoundCounts
    agent: FoundCounts | None
    words: SpanCounts


@dataclass(frozen=True, slots=True)
class TurnLosses:
    """The losses of each stage in one turn: expected entities and the action (`metrics.attribution`).

    listened: a recognizer transcribed the reply's audio, so losses of the voice are known. missed: counts of the
    reference entities that this recognizer missed in the request; None unless it is the run's own.
    """

    entities: LossCounts
    actions: LossCounts
    listened: bool
    missed: FoundCounts | None = None


@dataclass(frozen=True, slots=True)
class TurnScore:
    """A turn and its counts; None if the turn failed before it could be scored.

    A turn with an empty transcript is scored: all words, entities and the intent count as missed. Excluding it would
    reward a recognizer for recognizing nothing. companies: the expected tickers. said: the entities that the reference
    text contains as written. tool_calls: None if the sample specifies no expected calls. streaming: None without
    partial transcripts. equivalence, losses: None without counterfactual turns.
    """

    turn: TurnResult
    steps: tuple[AlignmentStep, ...] | None
    words: WordCounts | None
    characters: WordCounts | None
    said: FoundCounts | None
    heard: FoundCounts | None
    answered: FoundCounts | None
    session: FoundCounts | None
    linked_heard: FoundCounts | None
    linked_answered: FoundCounts | None
    agent: FoundCounts | None
    entity_words: SpanCounts | None
    classes: Mapping[str, ClassCounts] | None
    intent: str | None
    companies: frozenset[str]
    tool_calls: ToolCallCounts | None = None
    equivalence: EquivalenceCounts | None = None
    losses: TurnLosses | None = None
    streaming: StreamingCounts | None = None

    @property
    def intent_right(self) -> bool | None:
        if self.intent is None or self.turn.expected_intent is None:
            return None
        return self.intent == self.turn.expected_intent

    @property
    def errors(self) -> int:
        return self.words.errors if self.words else 0

    @property
    def timed(self) -> bool:
        """Whether the turn counts for latency: it was answered and is not the first after loading."""
        return self.turn.status == "answered" and not self.turn.cold
