"""Who has the floor: whether a person who makes a sound while the agent speaks means to interrupt it.

A cough is short and has no words. A backchannel ("uh-huh", "okay", "right") says that one listens: it is short, or all
of its words are known for it. Everything else takes the floor.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ

_BACKCHANNELS = frozenset(
    "uh huh uh-huh uhhuh mhm mm hm hmm mm-hmm mmhm ah oh okay ok k right yeah yep yes sure good great nice fine cool "
    "alright all i see got it wow really".split()
)
_AT_ONCE = frozenset("stop wait no cancel enough quiet pause hold shush hush".split())


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The rule. Times are of frames that were judged to be speech, pauses between them not counted.

    at_once_s: enough, with a word that asks for silence ("stop", "wait"), or with two words that are no backchannel.
    one_word_s: enough with one such word. no_words_s: enough with no text at all.
    backchannel_s: so long a backchannel interrupts too.
    """

    at_once_s: float = 0.16
    one_word_s: float = 0.4
    no_words_s: float = 0.8
    backchannel_s: float = 1.5

    def interrupts(self, speech: int, text: str) -> bool:
        """speech: samples that were judged to be speech; text: what was recognized of them so far."""
        return speech >= self._needed_s(text) * SPEECH_RATE_HZ

    def says_something(self, text: str) -> bool:
        """Whether there is a word that is no backchannel."""
        return any(word not in _BACKCHANNELS for word in _words(text))

    def _needed_s(self, text: str) -> float:
        words = _words(text)
        if not words:
            return self.no_words_s
        meant = [word for word in words if word not in _BACKCHANNELS]
        if not meant:
            return self.backchannel_s
        return self.at_once_s if len(meant) > 1 or _AT_ONCE & set(meant) else self.one_word_s


def _words(text: str) -> list[str]:
    stripped = (word.strip('.,?!;:"') for word in text.lower().split())
    return [word for word in stripped if word]
