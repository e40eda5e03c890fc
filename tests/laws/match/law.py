"""Count the generated pairs that the matcher finds in each direction, and its false matches of near misses."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.laws.match import amounts, names
from tests.laws.match.kind import Kind
from voicelab.metrics.matching import found

KINDS: tuple[Kind[Any], ...] = (
    amounts.CARDINALS, amounts.ORDINALS, amounts.DECIMALS, amounts.MONEY, amounts.SCALES, amounts.PERCENT,
    amounts.BASIS_POINTS, amounts.FRACTIONS, amounts.RANGES, names.TIMES, names.DATES, names.YEARS, names.ADDRESSES,
    names.CODES, names.PHONES, names.SPELLED,
)  # fmt: skip
_SENTENCES = ("it was {} I think", "{}", "yes, {} please", "so that is {}.", "we said {}, right?")


@dataclass(frozen=True, slots=True)
class KindCounts:
    """Results of a kind. pairs: number of values; each gives one pair and two near misses in each direction."""

    name: str
    pairs: int
    to_spoken: int
    to_written: int
    near_misses: int
    wrongly_found: int
    examples: tuple[tuple[str, str, bool], ...]
    """Up to ten errors of the matcher: (entity, text, expected result)."""


def measure(pairs: int = 500, seed: int = 0, *, with_class: bool = False) -> list[KindCounts]:
    """Draw `pairs` values of each kind. with_class: pass the class to the matcher; otherwise it infers it."""
    return [_measure(kind, pairs, seed, with_class=with_class) for kind in KINDS]


def holds(counts: Sequence[KindCounts]) -> bool:
    """Whether at least 99 % of all pairs are found in each direction and no near miss is found."""
    pairs = sum(one.pairs for one in counts)
    found_enough = min(sum(one.to_spoken for one in counts), sum(one.to_written for one in counts)) >= 0.99 * pairs
    return found_enough and not any(one.wrongly_found for one in counts)


def _measure(kind: Kind[Any], pairs: int, seed: int, *, with_class: bool) -> KindCounts:
    chance = random.Random(f"{kind.name} {seed}")
    entity_class = (kind.entity_class or None) if with_class else None
    hits = {"spoken": 0, "written": 0}
    misses = wrong = 0
    examples: list[tuple[str, str, bool]] = []
    for _ in range(pairs):
        value = kind.draw(chance)
        other = kind.change(chance, value)
        written, spoken = chance.choice(kind.written(value)), chance.choice(kind.spoken(value))
        for entity, text, way in ((written, spoken, "spoken"), (spoken, written, "written")):
            sentence = chance.choice(_SENTENCES).format(text)
            hit = found(entity, sentence, entity_class)
            hits[way] += hit
            if not hit:
                examples.append((entity, sentence, True))
        if _same(kind, value, other):
            continue
        near = (chance.choice(kind.written(other)), chance.choice(kind.spoken(other)))
        for entity in (written, spoken):
            for text in near:
                sentence = chance.choice(_SENTENCES).format(text)
                misses += 1
                if found(entity, sentence, entity_class):
                    wrong += 1
                    examples.append((entity, sentence, False))
    return KindCounts(kind.name, pairs, hits["spoken"], hits["written"], misses, wrong, tuple(examples[:10]))


def _same(kind: Kind[Any], value: Any, other: Any) -> bool:
    """Whether a changed value shares a written or spoken form with the original."""
    mine = {*kind.written(value), *kind.spoken(value)}
    return not mine.isdisjoint({*kind.written(other), *kind.spoken(other)})
