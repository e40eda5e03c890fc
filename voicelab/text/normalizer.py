"""The Normalizer: a named, versioned rule for comparing texts."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A rule that maps equivalent texts to the same spelling.

    version: changes whenever the result for any text changes. scripts: supported scripts, as named in
    `voicelab.text.scripts`; empty: all. word_map: SHA-256 of the user's word map that is applied first, or None.
    spaces_count: whether spaces count in the character error rate.
    """

    name: str
    version: str
    apply: Callable[[str], str]
    scripts: frozenset[str] = frozenset()
    word_map: str | None = None
    spaces_count: bool = True

    def words(self, text: str) -> list[str]:
        """Return the words of the normalized text."""
        return self.apply(text).split()

    def characters(self, text: str) -> str:
        """Return the characters that the character error rate compares."""
        normalized = self.apply(text).strip()
        return normalized if self.spaces_count else "".join(normalized.split())

    @property
    def label(self) -> str:
        """Name, version and word map in one line, for tables and reports."""
        mapped = f", word map {self.word_map[:12]}" if self.word_map is not None else ""
        return f"{self.name} {self.version}{mapped}"
