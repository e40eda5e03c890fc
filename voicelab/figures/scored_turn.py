"""A scored turn: what every figure counts from."""

from __future__ import annotations

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
    """One class of entities in one turn.

    agent: the expected entities against those that the agent claims; None without an answer.
    """

    surface: FoundCounts
    linked: FoundCounts
    agent: FoundCounts | None
    words: SpanCounts


@dataclass(frozen=True, slots=True)
class TurnLosses:
    """What each stage lost of one turn's expected entities and of its action (`metrics.attribution`).

    listened: a recognizer transcribed the reply's sound, so losses of the voice are known. missed: of the entities that
    the reference names, how many that recognizer found in the request; None unless it is the run's own.
    """

    entities: LossCounts
    actions: LossCounts
    listened: bool
    missed: FoundCounts | None = None


@dataclass(frozen=True, slots=True)
class TurnScore:
    """One turn and its counts; None where the turn broke before there was anything to score.

    A turn in which the recognizer heard nothing is scored everywhere, as all words, entities and the intent missed:
    leaving it out would reward a recognizer for hearing nothing. companies: the expected tickers.
    said: the entities that the reference text itself names as they are written. tool_calls: None where the sample
    expects no particular calls. streaming: None without partial transcripts. equivalence and losses need the
    counterfactual turns; None without them.
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
        """Whether the turn counts in latencies: it was answered, and it was not the first after loading."""
        return self.turn.status == "answered" and not self.turn.cold
