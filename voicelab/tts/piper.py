"""Piper: a neural voice from an ONNX file, on the CPU. Piper is GPL-3.0 and runs alone in a worker process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo, OptionValue, package_revision
from voicelab.engines.weights.cache import sha256
from voicelab.errors import EngineError, EngineMissingError


class Piper:
    """model: a voice file, FILE.onnx, with FILE.onnx.json beside it. speaker: its number, in voices of several.

    length_scale: above 1 is slower. noise: how much chance there is in the voice; with 0 the same text always sounds
    the same.
    """

    def __init__(
        self, *, model: str = "", speaker: int | None = None, length_scale: float = 1.0, noise: float = 0.0
    ) -> None:
        self._options: dict[str, OptionValue] = {
            "model": model, "speaker": speaker, "length_scale": length_scale, "noise": noise,
        }  # fmt: skip
        self._speaker, self._length_scale, self._noise = speaker, length_scale, noise
        self._voice: Any = None
        self._config: Any = None

    def load(self) -> EngineInfo:
        file = Path(str(self._options["model"])).expanduser()
        if not self._options["model"]:
            raise EngineMissingError("piper", "no voice; name a file: --tts piper:model=FILE.onnx")
        if not file.is_file() or not file.with_name(file.name + ".json").is_file():
            raise EngineMissingError("piper", f"{file} or {file.name}.json is not there; download both of a voice")
        try:
            from piper import PiperVoice, SynthesisConfig
        except ImportError as error:
            raise EngineMissingError("piper", f"{error}; run: pip install 'voicelab[piper]'") from error
        try:
            self._voice = PiperVoice.load(file)
        except Exception as error:  # onnxruntime raises classes of its own
            raise EngineError("piper", f"{file} cannot be loaded: {error}") from error
        self._config = SynthesisConfig(
            speaker_id=self._speaker,
            length_scale=self._length_scale,
            noise_scale=self._noise,
            noise_w_scale=self._noise,
        )
        self.speak("Ready.")
        revision = f"{file.name} sha256:{sha256(file)[:16]}, {package_revision('piper-tts')}"
        return EngineInfo("tts", "piper", dict(self._options), revision, licence="GPL-3.0-or-later; the voice's own")

    def speak(self, sentence: str) -> Clip:
        chunks = list(self._voice.synthesize(sentence, self._config))
        if not chunks:
            raise EngineError("piper", f"has no sounds for {sentence!r}")
        samples = np.concatenate([np.asarray(chunk.audio_float_array, dtype=np.float32) for chunk in chunks])
        return Clip(samples, int(chunks[0].sample_rate))
