"""Simulated sets: speakers who differ, with equal numbers of turns or numbers from a Pareto distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Counts = Literal["equal", "Pareto"]
Ints = NDArray[np.int64]

SPEAKERS = (2, 3, 5, 8, 10, 20, 30, 50, 100)
TURNS = 20
"""Mean number of turns per speaker."""
WORDS = (5, 15)
"""Minimum and maximum number of words per turn."""


@dataclass(frozen=True, slots=True)
class SimulatedTurns:
    """A set: the speaker of each turn, and each turn's counts for one or two systems.

    parts, wholes: shape (systems, turns).
    """

    speaker: Ints
    parts: Ints
    wholes: Ints


@dataclass(frozen=True, slots=True)
class TrueRate:
    """A kind of rate. truth: its expected value. spread: standard deviation of the speakers' rates divided by it."""

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
    """A set for one system: speakers' rates are Beta distributed with the true mean; errors within a turn correlate."""
    speaker = turns_of(chance, speakers, counts)
    own = _rates(chance, rate, speakers)[speaker]
    wholes = _wholes(chance, rate, len(speaker))
    parts = _errors(chance, own, wholes) if rate.of_words else chance.binomial(wholes, own)
    return SimulatedTurns(speaker, parts[None], wholes[None])


def two_systems(
    chance: np.random.Generator, rate: TrueRate, speakers: int, counts: Counts, suits: float, effect: float = 1.0
) -> SimulatedTurns:
    """A set for two systems on the same turns.

    suits: how much speakers suit one system better: standard deviation of the log ratio of the error rates. effect:
    the second system's error rate divided by the first's.
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
    """The speaker and the time of each turn: log-normal, with variation between speakers and between turns."""
    speaker = turns_of(chance, speakers, counts)
    level = chance.normal(0, SPEAKERS_VARY, size=speakers)[speaker]
    return speaker, np.exp(level + chance.normal(0, TURNS_VARY, size=len(speaker)))


SPEAKERS_VARY, TURNS_VARY = 0.2, 0.4
"""Standard deviations of the log time: between speakers, and between the turns of a speaker."""


def _rates(chance: np.random.Generator, rate: TrueRate, speakers: int) -> NDArray[np.float64]:
    mean, sd = rate.truth, rate.spread * rate.truth
    total = mean * (1 - mean) / sd**2 - 1
    return chance.beta(mean * total, (1 - mean) * total, size=speakers)


def _wholes(chance: np.random.Generator, rate: TrueRate, turns: int) -> Ints:
    return chance.integers(WORDS[0], WORDS[1] + 1, size=turns) if rate.of_words else np.ones(turns, dtype=np.int64)


def _errors(chance: np.random.Generator, own: NDArray[np.float64], words: Ints) -> Ints:
    """Concentrate errors: two of three turns have none, and the third has three times the error rate."""
    bad = chance.random(len(words)) < 1 / 3
    return chance.binomial(words, np.minimum(1.0, 3 * own)) * bad
