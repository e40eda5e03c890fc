"""What a sweep follows as conditions worsen. Add one: a line in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voicelab.errors import InputError
from voicelab.metrics.breakpoints import Threshold
from voicelab.scoring.turns import TurnScore

Counts = tuple[int, int]
"""Part and whole of one turn; they add."""


@dataclass(frozen=True, slots=True)
class Measure:
    """falls: it gets worse by falling. counts: of a turn, or None where it was not scored."""

    name: str
    falls: bool
    counts: Callable[[TurnScore], Counts | None]


MEASURES = {
    "wer": Measure(
        "word error rate", False, lambda s: (s.words.errors, s.words.reference_words) if s.words is not None else None
    ),
    "entity_recall": Measure(
        "entity recall, heard", True, lambda s: (s.heard.found, s.heard.expected) if s.heard is not None else None
    ),
    "company_recall": Measure(
        "companies heard",
        True,
        lambda s: (s.linked_heard.found, s.linked_heard.expected) if s.linked_heard is not None else None,
    ),
    "intent_accuracy": Measure(
        "intent accuracy", True, lambda s: (int(s.intent_right), 1) if s.intent_right is not None else None
    ),
}


def threshold(asked: str) -> tuple[str, Threshold]:
    """`entity_recall=90%` (of its clean value) or `wer=0.3` (as it is) -> the measure's key and what it may not pass.

    Raises InputError that names the option.
    """
    key, _, text = asked.partition("=")
    if key not in MEASURES or not text:
        raise InputError(f"--breakpoint {asked}: give MEASURE=VALUE, e.g. entity_recall=90%; MEASURE is one of "
                         f"{', '.join(MEASURES)}")  # fmt: skip
    falls = MEASURES[key].falls
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = float("nan")
    if not text.endswith("%"):
        if not 0 < value < (1 if falls else float("inf")):
            raise InputError(
                f"--breakpoint {asked}: give a rate such as 0.9, or a share of the clean value such as 90%"
            )
        return key, Threshold(value, relative=False, falls=falls)
    if not (0 < value < 100 if falls else 100 < value < float("inf")):
        side = "under" if falls else "over"
        raise InputError(f"--breakpoint {asked}: {key} breaks {side} 100% of its clean value; give such a share")
    return key, Threshold(value / 100, relative=True, falls=falls)
