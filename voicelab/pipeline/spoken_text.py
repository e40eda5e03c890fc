"""A reply's text on its way to the ear: its parts as they are written, and what was heard of them."""

from __future__ import annotations

from voicelab.text import sentences, words_within
from voicelab.text.clauses import opening_clause, short_parts

_SEAM_S = 0.02
"""Sound counted at one rate and again at another differs by less."""


def spoken_parts(text: str, *, clauses: bool) -> tuple[str, ...]:
    """The parts of a text that a voice is given one after the other: its sentences.

    clauses: a long first sentence is two parts, so that the first sound comes earlier.
    """
    script = Script(clauses=clauses)
    script.write(text)
    script.end()
    return tuple(script.parts)


class Script:
    """A text that is spoken part by part, perhaps while it is written.

    parts: those that are complete, in order: sentences. clauses: a long first sentence is two parts, so that the first
    sound comes earlier.
    """

    def __init__(self, *, clauses: bool = False) -> None:
        self.parts: list[str] = []
        self.text = ""
        self._clauses = clauses
        self._begun = 0  # where the sentence that is being written begins
        self._durations_s: list[float] = []

    def write(self, text: str) -> None:
        """Add text; a sentence is complete when the next one begins, or can begin, after it."""
        self.text += text
        found = sentences(self.text[self._begun :])
        # With a capital after it, the end of a sentence shows even where the next one is not there yet.
        if len(sentences(self.text[self._begun :] + "X")) == len(found):
            found = found[:-1]
        self._complete(found)

    def end(self) -> None:
        """No more text comes."""
        self._complete(sentences(self.text[self._begun :]))

    def _complete(self, found: list[str]) -> None:
        for sentence in found:
            self._begun = self.text.index(sentence, self._begun) + len(sentence)
            clauses = opening_clause(sentence) if self._clauses and not self.parts else [sentence]
            self.parts += [part for clause in clauses for part in short_parts(clause)]

    def add(self, duration_s: float) -> None:
        """Note how long the sound of the next part is."""
        self._durations_s.append(duration_s)

    def heard(self, heard_s: float) -> str:
        """The beginning of the text that is heard in the first heard_s seconds of its sound.

        Whole parts whose sound is over, and of the next the words that fit into the share of its sound that was heard:
        inside a part the borders of words are estimated.
        """
        end, left_s = 0, heard_s + _SEAM_S if heard_s > 0 else 0.0
        for part, duration_s in zip(self.parts, self._durations_s, strict=False):
            if left_s <= 0:
                break
            spoken = part if left_s >= duration_s else words_within(part, left_s / duration_s)
            end = self.text.index(part, end) + len(spoken) if spoken else end
            left_s -= duration_s
        return self.text[:end].strip()
