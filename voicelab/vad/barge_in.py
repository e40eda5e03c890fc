"""Decide whether a user who makes a sound while the agent speaks wants to interrupt it.

A cough is short and without words. A backchannel ("uh-huh", "okay", "right") signals listening: it is short, or
consists of known backchannel words only. Everything else interrupts the agent.
"""

from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ

_BACKCHANNELS = frozenset(
    "uh huh uh-huh uhhuh mhm mm hm hmm mm-hmm mmhm ah oh okay ok k right yeah yep yes sure good great nice fine cool "
    "alright all i see got it wow really".split()
)
_AT_ONCE = frozenset("stop wait no cancel enough quiet pause hold shush hush".split())


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The rule. All durations are those of speech, without pauses.

    at_once_s: minimum duration of speech with a stop word ("stop", "wait") or with two words that are not backchannels.
    one_word_s: minimum duration with one such word. no_words_s: minimum duration without any text. backchannel_s:
    duration from which a backchannel interrupts too.
    """

    at_once_s: float = 0.16
    one_word_s: float = 0.4
    no_words_s: float = 0.8
    backchannel_s: float = 1.5

    def interrupts(self, speech: int, text: str) -> bool:
        """Return whether the user interrupts. speech: number of samples of speech; text: their partial transcript."""
        return speech >= self._needed_s(text) * SPEECH_RATE_HZ

    def says_something(self, text: str) -> bool:
        """Return whether a word of the text is not a backchannel."""
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
