"""Detect the end of a turn with smart-turn v3.2: an ONNX model for the last 8 s of audio, from pipecat-ai (BSD-2).

Only the model file of pipecat-ai is used. https://github.com/pipecat-ai/smart-turn
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import InputError
from voicelab.vad.base import onnx_session
from voicelab.vad.completeness import Completeness, completeness
from voicelab.vad.settings import EndpointSettings
from voicelab.vad.turn_end.log_mel import log_mel
from voicelab.vad.turn_end.smart_turn_file import checked_model

_SOUND_S = 8.0


@dataclass(kw_only=True, eq=False, repr=False)
class SmartTurn:
    """Detector with smart-turn. silence_s: silence that ends a turn before the model has run.

    complete_factor, unfinished_factor: factors of silence_s if model or words suggest that the user has finished, or
    will continue. finished_at: the model's probability from which on the turn is finished. words: False ignores the
    words.
    """

    sound_s = _SOUND_S

    silence_s: float = 0.7
    complete_factor: float = 0.6
    unfinished_factor: float = 1.5
    finished_at: float = 0.5
    words: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.finished_at < 1:
            wrong = f"finished_at must be between 0 and 1, not {self.finished_at:g}"
            raise InputError(f"turn_end engine smart-turn: {wrong}")
        self.settings = EndpointSettings(
            silence_s=self.silence_s, complete_factor=self.complete_factor, unfinished_factor=self.unfinished_factor
        )
        self._session: Any = None

    def load(self) -> EngineInfo:
        self._session = onnx_session("smart-turn", checked_model(), "run: pip install onnxruntime")
        self.sound_score(Clip.silence(0.1))
        revision = package_revision("pipecat-ai", "onnxruntime") + ", model smart-turn v3.2"
        return EngineInfo("turn_end", "smart-turn", asdict(self), revision, licence="BSD-2-Clause")

    def sound_score(self, sound: Clip) -> float:
        """Return the model's probability that the user has finished, as log odds."""
        wanted = round(_SOUND_S * SPEECH_RATE_HZ)
        samples = sound.samples[-wanted:]
        padded = np.pad(samples, (wanted - len(samples), 0))
        (found,) = self._session.run(None, {"input_features": log_mel(padded)[None]})
        return _log_odds(float(np.ravel(found)[0]))

    def verdict(self, text: str, sound_score: float | None) -> Completeness:
        said = completeness(text) if self.words else Completeness.OPEN
        if sound_score is None or said is not Completeness.OPEN:
            return said
        return Completeness.COMPLETE if sound_score >= _log_odds(self.finished_at) else Completeness.UNFINISHED


def _log_odds(probability: float) -> float:
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return float(np.log(inside / (1 - inside)))
