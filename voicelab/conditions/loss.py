"""Packet loss by the Gilbert-Elliott channel.

E. N. Gilbert, "Capacity of a burst-noise channel", Bell System Technical Journal 39 (1960); E. O. Elliott, "Estimates
of error rates for codes on burst-noise channels", ibid. 42 (1963); parametrized by loss rate and burst length as in G.
Hasslinger and O. Hohlfeld, "The Gilbert-Elliott model for packet loss in real time services on the Internet", MMB 2008.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class Channel:
    """A two-state Markov chain, good (no loss) and bad (all lost): Gilbert's model with h = 0.

    loss_rate: fraction of lost packets, 0 <= loss_rate < 1. mean_burst: mean number of consecutive losses; at least 1 /
    (1 - loss_rate), the value for independent losses. Raises InputError for other values.
    """

    loss_rate: float
    mean_burst: float

    def __post_init__(self) -> None:
        if not 0 <= self.loss_rate < 1:
            raise InputError(f"a loss of {100 * self.loss_rate:g} % is not possible; give at least 0 and less than 100")
        least = 1 / (1 - self.loss_rate)
        if self.mean_burst < least:
            raise InputError(
                f"at a loss of {100 * self.loss_rate:g} % the mean burst is at least {least:.3g} packets; "
                f"give at least that, not {self.mean_burst:g}"
            )

    @property
    def to_good(self) -> float:
        """Probability of leaving the bad state: 1 / mean_burst."""
        return 1 / self.mean_burst

    @property
    def to_bad(self) -> float:
        """Probability of leaving the good state; loss_rate = to_bad / (to_bad + to_good)."""
        return self.to_good * self.loss_rate / (1 - self.loss_rate)

    def lost(self, count: int, chance: np.random.Generator) -> NDArray[np.bool_]:
        """Return whether each of `count` packets is lost; the first state follows the stationary distribution.

        Each packet uses one random number, and low numbers mean loss. With the same random stream and mean burst, every
        packet lost at a lower rate is also lost at a higher one.
        """
        lost = np.zeros(count, dtype=np.bool_)
        bad = False
        for index, drawn in enumerate(chance.random(count)):
            limit = self.loss_rate if index == 0 else 1 - self.to_good if bad else self.to_bad
            lost[index] = bad = bool(drawn < limit)
        return lost
