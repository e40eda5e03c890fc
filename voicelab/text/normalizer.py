"""What a normalizer is: a named, versioned rule that brings two texts to one spelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A rule that brings a reference and a hypothesis to one spelling.

    version: changes whenever the outcome for any text changes. scripts: the scripts that the rule is made for, as
    `voicelab.text.scripts` names them; empty: any script. word_map: the SHA-256 of the user's word map that is applied
    first, or None. spaces_count: whether a space between words is a character of the character error rate.
    """

    name: str
    version: str
    apply: Callable[[str], str]
    scripts: frozenset[str] = frozenset()
    word_map: str | None = None
    spaces_count: bool = True

    def words(self, text: str) -> list[str]:
        """The words of the normalized text."""
        return self.apply(text).split()

    def characters(self, text: str) -> str:
        """The characters that the character error rate compares."""
        normalized = self.apply(text).strip()
        return normalized if self.spaces_count else "".join(normalized.split())

    @property
    def label(self) -> str:
        """Name, version and word map in one line, for tables and reports."""
        mapped = f", word map {self.word_map[:12]}" if self.word_map is not None else ""
        return f"{self.name} {self.version}{mapped}"
