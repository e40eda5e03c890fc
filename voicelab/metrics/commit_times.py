"""Stability of streaming transcripts: when names become correct and remain so, and how many words are revised.

Times are in seconds on one clock. The end of a name in the speech is estimated (`estimated_end_s`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from voicelab.metrics.over_reply import Span

OVER_TIME_S = tuple(step / 4 for step in range(-4, 9))
"""The times of the word error rate over time, in seconds from the end of the caller's speech."""


@dataclass(frozen=True, slots=True)
class StreamingCounts:
    """The streaming transcript of one turn.

    commit_s: from the estimated end of the turn's last name to the time from which all names are correct; negative if
    they were correct before. None if a name was never correct or cannot be located. revised_words: words of earlier
    texts that a later text changed or removed. final_words: words of the last text. partial_errors, final_errors: word
    errors of the last text before the caller's audio ended, and of the final text. reference_words: of the reference.
    errors_over_time: word errors of the text as it stood at each of OVER_TIME_S, an empty one before the first; None if
    the end of the speech is not known.
    """

    commit_s: float | None
    revised_words: int
    final_words: int
    partial_errors: int
    final_errors: int
    reference_words: int
    errors_over_time: tuple[int, ...] | None = None

    def errors_at(self, at_s: float) -> int | None:
        """Word errors at one of OVER_TIME_S."""
        return None if self.errors_over_time is None else self.errors_over_time[OVER_TIME_S.index(at_s)]


def estimated_end_s(text: str, name: str, speech: Sequence[Span]) -> float | None:
    """Estimate when a name ends in the speech of a text; None if the text does not contain it or there is no speech.

    Assumes that speech, without its pauses, proceeds at a constant number of characters per second. Speaking rates
    vary, so the error may be a few tenths of a second.
    """
    found = re.search(re.escape(name), text, re.IGNORECASE)
    total_s = sum(end - start for start, end in speech)
    if found is None or total_s <= 0:
        return None
    left_s = total_s * len(text[: found.end()].strip()) / len(text.strip())
    for start, end in speech:
        if left_s <= end - start + 1e-9:
            return start + left_s
        left_s -= end - start
    return speech[-1][1]


def committed_s(right: Sequence[bool], at_s: Sequence[float]) -> float | None:
    """Return the first time from which all texts are correct; None if the last is not. times: one for each text."""
    found = None
    for is_right, time in zip(right, at_s, strict=True):
        if not is_right:
            found = None
        elif found is None:
            found = time
    return found


def revised_words(texts: Sequence[Sequence[str]]) -> int:
    """Count the words that the next text changes or moves."""
    return sum(len(before) - _common(before, after) for before, after in pairwise(texts))


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    pairs = zip(before, after, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
