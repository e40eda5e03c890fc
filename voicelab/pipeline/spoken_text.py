"""How a text is spoken: in which parts, and which of its words are heard after so many seconds of its sound."""

from __future__ import annotations

from voicelab.text import sentences, words_within
from voicelab.text.clauses import opening_clause

_SEAM_S = 0.02
"""Sound counted at one rate and again at another differs by less."""


def spoken_parts(text: str, *, clauses: bool) -> tuple[str, ...]:
    """The parts of a text that a voice is given one after the other: its sentences.

    clauses: a long first sentence is two parts, so that the first sound comes earlier.
    """
    found = sentences(text)
    return (*(opening_clause(found[0]) if clauses and found else found[:1]), *found[1:])


class Script:
    """A text that is spoken part by part. parts: what is to be spoken, in order; clauses: see `spoken_parts`."""

    def __init__(self, text: str, *, clauses: bool = False) -> None:
        self.parts = spoken_parts(text, clauses=clauses)
        self._text = text
        self._durations_s: list[float] = []

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
            end = self._text.index(part, end) + len(spoken) if spoken else end
            left_s -= duration_s
        return self._text[:end].strip()
