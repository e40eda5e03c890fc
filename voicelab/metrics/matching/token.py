"""A word or a number of a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a number.

    text: folded; a number as its digits. forms: equivalent spellings. raw: as written. number: whether it is written in
    digits. mark: the character right before it (`$`, `-`, `/`, ...; "" for a space or none). joined: no space before
    it. paused: a comma, a full stop or the like before it. optional: may be omitted, such as `&`. negative: a number
    right after a minus sign (not a hyphen, which would have a word before it).
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
        """Whether the token is a single letter."""
        return len(self.text) == 1 and not self.number
