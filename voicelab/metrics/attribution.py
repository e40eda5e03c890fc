"""Why it failed: which stage lost an expected entity, or an action.

A turn is asked again with what was really said instead of what was recognized. What comes back then was lost by the
recognizer; what is missing even then, by the agent; what the answer names and its sound does not, by the voice. Each
loss has exactly one stage, so the stages add up to all that was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Stage = Literal["asr", "agent", "tts"]
STAGES: tuple[Stage, ...] = ("asr", "agent", "tts")


@dataclass(frozen=True, slots=True)
class LossCounts:
    """How much was expected, and how much of it each stage lost; they add with `+`."""

    expected: int = 0
    asr: int = 0
    agent: int = 0
    tts: int = 0

    @classmethod
    def of(cls, stages: Iterable[Stage | None]) -> LossCounts:
        """One expected thing for each of `stages`: the stage that lost it, or None where it was not lost."""
        return sum((cls(1, int(one == "asr"), int(one == "agent"), int(one == "tts")) for one in stages), cls())

    def __add__(self, other: LossCounts) -> LossCounts:
        return LossCounts(
            self.expected + other.expected, self.asr + other.asr, self.agent + other.agent, self.tts + other.tts
        )

    @property
    def lost(self) -> int:
        return self.asr + self.agent + self.tts


def entity_lost_at(*, with_reference: bool, answered: bool, spoken: bool | None) -> Stage | None:
    """Where an expected entity was lost on its way into the reply; None where it got there.

    with_reference: the agent's answer to the reference text names it. answered: the answer that was given does.
    spoken: so does its sound, as a recognizer heard it; None where nobody listened.
    """
    if answered:
        return "tts" if spoken is False else None
    return "asr" if with_reference else "agent"


def action_lost_at(*, reference_right: bool, same: bool, right: bool, delivered: bool) -> Stage | None:
    """Where the action that a turn was to bring about was lost; None where it was done and its reply came.

    reference_right: with the reference text the agent does what the sample expects. same: it did the same with the
    transcript. right: what it did with the transcript is what the sample expects. delivered: the reply came to its end.
    """
    done = same if reference_right else right
    if done:
        return None if delivered else "tts"
    return "asr" if reference_right else "agent"
