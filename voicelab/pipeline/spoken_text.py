"""Splits text for synthesis, and estimates which words have been played after a given time."""

from voicelab.text import sentences, words_within
from voicelab.text.clauses import opening_clause, short_parts

_SEAM_S = 0.02
"""Tolerance in seconds between durations computed at different sample rates."""


def spoken_parts(text: str, *, clauses: bool) -> tuple[str, ...]:
    """Split a text into the parts to synthesize: its sentences.

    clauses: split a long first sentence in two, to start playback earlier.
    """
    script = Script(clauses=clauses)
    script.write(text)
    script.end()
    return tuple(script.parts)


class Script:
    """A text that is synthesized in parts, possibly while it is written.

    parts: the completed sentences, in order. clauses: see `spoken_parts`.
    """

    def __init__(self, *, clauses: bool = False) -> None:
        self.parts: list[str] = []
        self.text = ""
        self._clauses = clauses
        self._begun = 0  # start of the sentence being written
        self._durations_s: list[float] = []

    def write(self, text: str) -> None:
        """Add text; a sentence is complete when the next one starts, or can start, after it."""
        self.text += text
        found = sentences(self.text[self._begun :])
        # An appended capital reveals the end of a sentence before the next one arrives.
        if len(sentences(self.text[self._begun :] + "X")) == len(found):
            found = found[:-1]
        self._complete(found)

    def end(self) -> None:
        self._complete(sentences(self.text[self._begun :]))

    def _complete(self, found: list[str]) -> None:
        for sentence in found:
            self._begun = self.text.index(sentence, self._begun) + len(sentence)
            clauses = opening_clause(sentence) if self._clauses and not self.parts else [sentence]
            self.parts += [part for clause in clauses for part in short_parts(clause)]

    def add(self, duration_s: float) -> None:
        """Record the duration of the next part's audio in seconds."""
        self._durations_s.append(duration_s)

    def heard(self, heard_s: float) -> str:
        """Return the start of the text that is played in the first heard_s seconds.

        Includes every completed part, and the words of the next one in proportion to its played share, because word
        boundaries inside a part are estimated.
        """
        end, left_s = 0, heard_s + _SEAM_S if heard_s > 0 else 0.0
        for part, duration_s in zip(self.parts, self._durations_s, strict=False):
            if left_s <= 0:
                break
            spoken = part if left_s >= duration_s else words_within(part, left_s / duration_s)
            end = self.text.index(part, end) + len(spoken) if spoken else end
            left_s -= duration_s
        return self.text[:end].strip()
