"""The clusters of turns, over which the intervals of figures are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.metrics.intervals import FEW, Interval
from voicelab.runs.records import TurnResult
from voicelab.scoring.schema import ClusterUnit, ScenarioOutcome
from voicelab.text.plural import counted

LEVEL = 0.95
ONE_SPEAKER = "one speaker: the interval says nothing about other speakers"


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of correlated turns: the name of each turn's cluster.

    one_speaker: whether all turns are from the same known speaker.
    """

    unit: ClusterUnit
    keys: tuple[str, ...]
    one_speaker: bool = False

    @classmethod
    def of(cls, turns: Sequence[TurnResult]) -> Clusters:
        """Choose the clusters of turns.

        Speakers, if every turn with speech names one and there are at least two; else conversations, if there are at
        least two and one has several turns; else samples. Among speakers, a sample without speech is a separate
        cluster.
        """
        speakers = {turn.speaker for turn in turns if turn.speaker is not None}
        named = all(turn.speaker is not None or not turn.text.strip() for turn in turns)
        if named and len(speakers) >= 2:
            keys = (turn.speaker if turn.speaker is not None else f"no speaker: {turn.sample_id}" for turn in turns)
            return cls("speaker", tuple(keys))
        alone = named and len(speakers) == 1
        conversations = tuple(turn.conversation for turn in turns)
        if 2 <= len(set(conversations)) < len(turns):
            return cls("conversation", conversations, alone)
        return cls("sample", tuple(turn.sample_id for turn in turns), alone)

    @classmethod
    def of_scenarios(cls, outcomes: Sequence[ScenarioOutcome]) -> Clusters:
        """Each scenario is a cluster."""
        speakers = {outcome.speaker for outcome in outcomes}
        alone = len(speakers) == 1 and None not in speakers
        return cls("scenario", tuple(outcome.id for outcome in outcomes), alone)

    @property
    def count(self) -> int:
        return len(set(self.keys))

    def note(self, found: Interval) -> str | None:
        """The limitation of an interval over these clusters; None if there is none."""
        return found.limits(self.unit) or (ONE_SPEAKER if self.one_speaker else None)

    def general_note(self) -> str | None:
        """The limitation of every interval over these clusters; None if there is none."""
        if self.count < FEW:
            return f"{counted(self.count, self.unit)}, too few to generalize from"
        return ONE_SPEAKER if self.one_speaker else None
