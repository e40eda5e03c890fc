"""Attributes a lost entity or action to the stage that lost it.

The agent also processes the reference text of each turn. What that run recovers was lost by the recognizer; what is
missing even then was lost by the agent; what the reply text contains but its audio does not was lost by the voice. Each
loss belongs to exactly one stage, so the stages add up to the total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["asr", "agent", "tts"]
STAGES: tuple[Stage, ...] = ("asr", "agent", "tts")


@dataclass(frozen=True, slots=True)
class LossCounts:
    """Number of expected items and losses per stage."""

    expected: int
    asr: int
    agent: int
    tts: int

    @classmethod
    def of(cls, stages: Iterable[Stage | None]) -> LossCounts:
        """Count one expected item per entry of `stages`: the stage that lost it, or None."""
        found = Counter(stages)
        return cls(found.total(), found["asr"], found["agent"], found["tts"])

    @property
    def lost(self) -> int:
        return self.asr + self.agent + self.tts


def entity_lost_at(*, with_reference: bool, answered: bool, spoken: bool | None) -> Stage | None:
    """Return the stage that lost an expected entity, or None if it reached the reply.

    with_reference: the agent's answer to the reference text contains it. answered: the actual answer contains it.
    spoken: the recognized audio of the reply contains it; None if the audio was not recognized.
    """
    if answered:
        return "tts" if spoken is False else None
    return "asr" if with_reference else "agent"


def action_lost_at(*, reference_right: bool, same: bool, right: bool, delivered: bool) -> Stage | None:
    """Return the stage that lost a turn's action, or None if it was done and its reply was completed.

    reference_right: on the reference text, the agent does what the sample expects. same: on the transcript, it does the
    same. right: on the transcript, it does what the sample expects. delivered: the reply was completed.
    """
    done = same if reference_right else right
    if done:
        return None if delivered else "tts"
    return "asr" if reference_right else "agent"
