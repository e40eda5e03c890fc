"""How far a spoken text has come: which of its words are heard after so many seconds of its sound."""

from __future__ import annotations

from voicelab.text import sentences, words_within

_SEAM_S = 0.02
"""Sound counted at one rate and again at another differs by less."""


class Script:
    """A text that is spoken sentence by sentence. sentences: what is to be spoken, in order."""

    def __init__(self, text: str) -> None:
        self.sentences = tuple(sentences(text))
        self._text = text
        self._durations_s: list[float] = []

    def add(self, duration_s: float) -> None:
        """The next sentence's sound is that long."""
        self._durations_s.append(duration_s)

    def heard(self, heard_s: float) -> str:
        """The beginning of the text that is heard in the first heard_s seconds of its sound.

        Whole sentences whose sound is over, and of the next the words that fit into the share of its sound that was
        heard: inside a sentence the borders of words are estimated.
        """
        end, left_s = 0, heard_s + _SEAM_S if heard_s > 0 else 0.0
        for sentence, duration_s in zip(self.sentences, self._durations_s, strict=False):
            if left_s <= 0:
                break
            spoken = sentence if left_s >= duration_s else words_within(sentence, left_s / duration_s)
            end = self._text.index(sentence, end) + len(spoken) if spoken else end
            left_s -= duration_s
        return self._text[:end].strip()
