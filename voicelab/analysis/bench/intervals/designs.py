"""Simulated sets: speakers who differ, with as many turns each or with counts from a Pareto distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Counts = Literal["equal", "Pareto"]
Ints = NDArray[np.int64]

SPEAKERS = (2, 3, 5, 8, 10, 20, 30, 50, 100)
TURNS = 20
"""The turns of each speaker, on average."""
WORDS = (5, 15)
"""The words of a turn: at least, at most."""


@dataclass(frozen=True, slots=True)
class SimulatedTurns:
    """A set: the speaker of each turn, and each turn's counts in one system or in two.

    parts, wholes: shape (systems, turns).
    """

    speaker: Ints
    parts: Ints
    wholes: Ints


@dataclass(frozen=True, slots=True)
class TrueRate:
    """A kind of rate. truth: its expected value. spread: the standard deviation of the speakers' own rates over it."""

    name: str
    truth: float
    spread: float
    of_words: bool


RATES = (
    TrueRate("WER 1 %", 0.01, 0.5, of_words=True),
    TrueRate("WER 15 %", 0.15, 0.4, of_words=True),
    TrueRate("recall 0.98", 0.98, 0.02, of_words=False),
    TrueRate("recall 0.80", 0.80, 0.12, of_words=False),
)


def turns_of(chance: np.random.Generator, speakers: int, counts: Counts) -> Ints:
    """The speaker of each turn. Pareto: shape 1.5, from 1/3 of the mean to 20 times it."""
    if counts == "equal":
        return np.repeat(np.arange(speakers), TURNS)
    drawn = TURNS / 3 * (1 + chance.pareto(1.5, size=speakers))
    return np.repeat(np.arange(speakers), np.clip(np.rint(drawn), 1, 20 * TURNS).astype(np.int64))


def one_system(chance: np.random.Generator, rate: TrueRate, speakers: int, counts: Counts) -> SimulatedTurns:
    """A set in one system: speakers' rates are Beta with the truth as their mean, errors of a turn come in bunches."""
    speaker = turns_of(chance, speakers, counts)
    own = _rates(chance, rate, speakers)[speaker]
    wholes = _wholes(chance, rate, len(speaker))
    parts = _errors(chance, own, wholes) if rate.of_words else chance.binomial(wholes, own)
    return SimulatedTurns(speaker, parts[None], wholes[None])


def two_systems(
    chance: np.random.Generator, rate: TrueRate, speakers: int, counts: Counts, suits: float, effect: float = 1.0
) -> SimulatedTurns:
    """A set in two systems that hear the same turns.

    suits: by how much a speaker suits one system better, as the standard deviation of the log of the error rates'
    ratio. effect: the factor from the first to the second system's error rate.
    """
    speaker = turns_of(chance, speakers, counts)
    wrong = _rates(chance, rate, speakers)
    if not rate.of_words:
        wrong = 1 - wrong
    lean = np.exp(chance.normal(0, suits / 2, size=speakers)) if suits else np.ones(speakers)
    mean = np.exp(suits**2 / 8)
    wholes = _wholes(chance, rate, len(speaker))
    hard = chance.gamma(2.0, 0.5, size=len(speaker))
    parts = []
    for factor in (lean / mean, effect / lean / mean):
        own = np.minimum(0.95, (wrong * factor)[speaker] * hard)
        errors = chance.binomial(wholes, own)
        parts.append(errors if rate.of_words else wholes - errors)
    return SimulatedTurns(speaker, np.array(parts), np.array([wholes, wholes]))


def times(chance: np.random.Generator, speakers: int, counts: Counts) -> tuple[Ints, NDArray[np.float64]]:
    """The speaker of each turn, and how long it took: log-normal, speakers' levels and turns both vary."""
    speaker = turns_of(chance, speakers, counts)
    level = chance.normal(0, SPEAKERS_VARY, size=speakers)[speaker]
    return speaker, np.exp(level + chance.normal(0, TURNS_VARY, size=len(speaker)))


SPEAKERS_VARY, TURNS_VARY = 0.2, 0.4
"""Standard deviations of the log of a time: between speakers, and between the turns of one."""


def _rates(chance: np.random.Generator, rate: TrueRate, speakers: int) -> NDArray[np.float64]:
    mean, sd = rate.truth, rate.spread * rate.truth
    total = mean * (1 - mean) / sd**2 - 1
    return chance.beta(mean * total, (1 - mean) * total, size=speakers)


def _wholes(chance: np.random.Generator, rate: TrueRate, turns: int) -> Ints:
    return chance.integers(WORDS[0], WORDS[1] + 1, size=turns) if rate.of_words else np.ones(turns, dtype=np.int64)


def _errors(chance: np.random.Generator, own: NDArray[np.float64], words: Ints) -> Ints:
    """Two turns of three have no error; the words of the third are wrong three times as often."""
    bad = chance.random(len(words)) < 1 / 3
    return chance.binomial(words, np.minimum(1.0, 3 * own)) * bad
