"""Compare the time of scoring with jiwer's plain word alignment of the same pairs, in one run."""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from voicelab.metrics.words import WordCounts, count_many
from voicelab.text import Normalizer

_Outcome = TypeVar("_Outcome")
_WORDS = 10
_VOCABULARY = 5_000
_CHANGED = 0.15
"""Share of wrong words in a hypothesis."""


@dataclass(frozen=True, slots=True)
class WordsBench:
    """Seconds for all pairs: voicelab normalizes, aligns and counts; jiwer aligns and counts the normalized texts.

    errors: the count of both, which must agree for the times to be comparable.
    """

    pairs: int
    normalizer: str
    first_s: float
    again_s: float
    jiwer_s: float
    errors: int


def make_pairs(count: int, seed: int) -> tuple[list[str], list[str]]:
    """References of ten words, and hypotheses with substitutions, deletions and insertions."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 9))) for _ in range(_VOCABULARY)]
    references = [chance.choices(words, k=_WORDS) for _ in range(count)]
    hypotheses = []
    for reference in references:
        heard: list[str] = []
        for word in reference:
            fate = chance.random() / _CHANGED
            if fate >= 1:
                heard.append(word)
            elif fate >= 1 / 2:
                heard.append(chance.choice(words))
            elif fate >= 1 / 4:
                heard += [word, chance.choice(words)]
        hypotheses.append(" ".join(heard))
    return [" ".join(reference) for reference in references], hypotheses


def bench_words(normalizer: Normalizer, pairs: int = 100_000, seed: int = 0) -> WordsBench:
    """Time both on the same pairs. first_s: with empty caches; again_s: the same pairs again."""
    import jiwer

    references, hypotheses = make_pairs(pairs, seed)
    counts, first_s = _timed(lambda: count_many(references, hypotheses, normalizer))
    _, again_s = _timed(lambda: count_many(references, hypotheses, normalizer))
    left = [normalizer.apply(text) for text in references]
    right = [normalizer.apply(text) for text in hypotheses]
    output, jiwer_s = _timed(lambda: jiwer.process_words(left, right))
    total = sum(counts, WordCounts())
    theirs = WordCounts(output.hits, output.substitutions, output.deletions, output.insertions)
    if total != theirs:
        raise AssertionError(f"the error counts disagree, so the times are not comparable: {total} and {theirs}")
    return WordsBench(pairs, normalizer.name, first_s, again_s, jiwer_s, total.errors)


def _timed(work: Callable[[], _Outcome]) -> tuple[_Outcome, float]:
    start = perf_counter()
    outcome = work()
    return outcome, perf_counter() - start
