"""A word or a number of a text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a number.

    text: folded; a number as its digits. forms: the spellings that it equals. raw: as it was written. number: whether
    it is written in digits. mark: what stands right before it (`$`, `-`, `/`, ...; "" for a space or nothing).
    joined: no space before it. paused: a comma, a stop or the like before it. optional: `&` and the like, which may go
    unsaid. negative: a number right after a minus sign, which is no hyphen: nothing is joined before it.
    """

    text: str
    forms: frozenset[str]
    raw: str
    number: bool
    mark: str
    joined: bool
    paused: bool
    optional: bool = False
    negative: bool = False

    @property
    def spelled(self) -> bool:
        """Whether it is one letter."""
        return len(self.text) == 1 and not self.number
