"""Detect the end of a turn by silence, by pitch and energy before the pause, and by the words so far.

The evidence is added as log odds: a logistic regression on the features of word_score.py and sound_features.py.
`python -m tests.laws turn-end-fit` fitted the weights to the speakers FITTED_ON of the shipped set, one or more from
each synthesizer. Figures are reported on the other six (`voicelab bench endpoint`).
"""

from dataclasses import asdict, dataclass

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo
from voicelab.vad.completeness import Completeness
from voicelab.vad.settings import EndpointSettings
from voicelab.vad.turn_end.sound_features import sound_features
from voicelab.vad.turn_end.word_score import word_features

SOUND_S = 3.0
FITTED_ON = ("kal16", "slt", "slt_hts", "joe", "jf_alpha", "jm_kumo")
_BIAS = -7.803
_WORD_WEIGHTS = (1.477, -2.366, -3.340, -1.318, -0.750, 2.638)
_SOUND_WEIGHTS = (-0.207, -0.074, -0.118, 6.308)
_SOUND_ALONE_BIAS = -1.372
_SOUND_ALONE_WEIGHTS = (-0.042, -0.346, -0.103, 3.199)


@dataclass(kw_only=True, eq=False, repr=False)
class Prosody:
    """Prosody-based detector. silence_s: silence that ends a turn if the evidence is weak.

    complete_factor, unfinished_factor: factors of silence_s if the evidence suggests that the user has finished, or
    will continue. finished_at, unfinished_at: the corresponding thresholds of the log odds. words: False ignores the
    words.
    """

    sound_s = SOUND_S

    silence_s: float = 0.82
    complete_factor: float = 0.55
    unfinished_factor: float = 1.1
    finished_at: float = 1.0
    unfinished_at: float = -1.0
    words: bool = True

    def __post_init__(self) -> None:
        self.settings = EndpointSettings(
            silence_s=self.silence_s, complete_factor=self.complete_factor, unfinished_factor=self.unfinished_factor
        )

    def load(self) -> EngineInfo:
        return EngineInfo("turn_end", "prosody", asdict(self), "1", licence="Apache-2.0")

    def sound_score(self, sound: Clip) -> float:
        """Return the contribution of the audio to the log odds; 0 if there is too little voiced speech."""
        features = sound_features(sound)
        if features is None:
            return 0.0
        if self.words:
            return _dot(_SOUND_WEIGHTS, features)
        return _SOUND_ALONE_BIAS + _dot(_SOUND_ALONE_WEIGHTS, features)

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        if sound_score is None or (self.words and not text.strip()):
            return Completeness.OPEN
        log_odds = sound_score
        if self.words:
            log_odds += _BIAS + _dot(_WORD_WEIGHTS, word_features(text))
        if log_odds >= self.finished_at:
            return Completeness.COMPLETE
        return Completeness.UNFINISHED if log_odds < self.unfinished_at else Completeness.OPEN


def _dot(weights: tuple[float, ...], features: tuple[float, ...]) -> float:
    return sum(weight * feature for weight, feature in zip(weights, features, strict=True))
