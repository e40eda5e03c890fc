"""Which packets a network loses: the Gilbert-Elliott channel.

E. N. Gilbert, "Capacity of a burst-noise channel", Bell System Technical Journal 39 (1960); E. O. Elliott, "Estimates
of error rates for codes on burst-noise channels", ibid. 42 (1963); by loss rate and burst length as in G. Hasslinger
and O. Hohlfeld, "The Gilbert-Elliott model for packet loss in real time services on the Internet", MMB 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class Channel:
    """A chain of two states, good (nothing is lost) and bad (everything is), as Gilbert's with h = 0.

    loss_rate: the share of packets lost, 0 to under 1. mean_burst: how many are lost in a row on average; at least
    1 / (1 - loss_rate), which is what independent losses give. Raises InputError for others.
    """

    loss_rate: float
    mean_burst: float

    def __post_init__(self) -> None:
        if not 0 <= self.loss_rate < 1:
            raise InputError(f"a loss of {100 * self.loss_rate:g} % is not possible; give 0 to under 100")
        least = 1 / (1 - self.loss_rate)
        if self.mean_burst < least:
            raise InputError(
                f"at a loss of {100 * self.loss_rate:g} % even independent losses come {least:.3g} in a row; "
                f"give a mean burst of at least that, not {self.mean_burst:g}"
            )

    @property
    def to_good(self) -> float:
        """The probability to leave the bad state; 1 / mean_burst."""
        return 1 / self.mean_burst

    @property
    def to_bad(self) -> float:
        """The probability to leave the good state; loss_rate = to_bad / (to_bad + to_good)."""
        return self.to_good * self.loss_rate / (1 - self.loss_rate)

    def lost(self, count: int, chance: np.random.Generator) -> NDArray[np.bool_]:
        """For each of `count` packets, whether it is lost; the first state is drawn from the long-run shares.

        One number is drawn for each packet and the worse outcome lies below: with one stream and one mean burst, what
        is lost at a lower rate is lost at a higher one too.
        """
        lost = np.zeros(count, dtype=np.bool_)
        bad = False
        for place, drawn in enumerate(chance.random(count)):
            limit = self.loss_rate if place == 0 else 1 - self.to_good if bad else self.to_bad
            lost[place] = bad = bool(drawn < limit)
        return lost
