"""The end of a turn by silence, by pitch and energy before the pause, and by the words so far.

The evidence is added up as log odds: a logistic regression over word_score.py's and sound_features.py's features. The
weights were fitted on two speakers of the shipped set (kal16, slt), with recordings cut at up to three random ends of
words and at their ends, and the words that Moonshine heard in them; figures are reported on the other speakers.
"""

from __future__ import annotations

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness
from voicelab.vad.settings import EndpointSettings
from voicelab.vad.turn_end.sound_features import sound_features
from voicelab.vad.turn_end.word_score import word_features

SOUND_S = 3.0
_BIAS = -0.604
_WORD_WEIGHTS = (1.911, -2.58, -1.748, -2.487)
_SOUND_WEIGHTS = (0.014, -0.034, -0.027, 7.331)
_SOUND_ALONE_BIAS = -1.003
_SOUND_ALONE_WEIGHTS = (-0.008, -0.054, -0.071, 1.35)


class Prosody:
    """silence_s: the silence that ends a turn where the evidence is weak.

    complete_factor, unfinished_factor: of silence_s, where the evidence says finished, or more to come. finished_at,
    unfinished_at: the log odds from which on, and below which, it says so. words: False looks at the sound alone.
    """

    sound_s = SOUND_S

    def __init__(
        self,
        *,
        silence_s: float = 0.84,
        complete_factor: float = 0.6,
        unfinished_factor: float = 1.25,
        finished_at: float = 0.3,
        unfinished_at: float = -1.0,
        words: bool = True,
    ) -> None:
        self._options = {
            "silence_s": silence_s, "complete_factor": complete_factor, "unfinished_factor": unfinished_factor,
            "finished_at": finished_at, "unfinished_at": unfinished_at, "words": words,
        }  # fmt: skip
        self.settings = EndpointSettings(
            silence_s=silence_s, complete_factor=complete_factor, unfinished_factor=unfinished_factor
        )
        self._finished_at, self._unfinished_at = finished_at, unfinished_at
        self._words = words

    def load(self) -> EngineInfo:
        return EngineInfo("turn_end", "prosody", self._options, "1", licence="Apache-2.0")

    def sound_score(self, sound: Clip) -> float:
        """The sound's share of the log odds; 0 where there is too little voiced speech."""
        features = sound_features(sound)
        if features is None:
            return 0.0
        if self._words:
            return _dot(_SOUND_WEIGHTS, features)
        return _SOUND_ALONE_BIAS + _dot(_SOUND_ALONE_WEIGHTS, features)

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        if sound_score is None or (self._words and not text.strip()):
            return Completeness.OPEN
        log_odds = sound_score
        if self._words:
            log_odds += _BIAS + _dot(_WORD_WEIGHTS, word_features(text))
        if log_odds >= self._finished_at:
            return Completeness.COMPLETE
        return Completeness.UNFINISHED if log_odds < self._unfinished_at else Completeness.OPEN


def _dot(weights: tuple[float, ...], features: tuple[float, ...]) -> float:
    return sum(weight * feature for weight, feature in zip(weights, features, strict=True))
