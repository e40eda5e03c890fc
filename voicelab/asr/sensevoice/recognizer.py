"""SenseVoice (FunAudioLLM): five languages, emotion and sound events, non-autoregressive."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.base import Transcript
from voicelab.asr.pauses import PauseFinder
from voicelab.asr.sensevoice.fsmn_segments import DetectedPauseFinder
from voicelab.asr.sensevoice.fsmn_vad import FsmnVad, fsmn_folder
from voicelab.asr.sensevoice.model import FunasrModel
from voicelab.asr.sensevoice.tags import read_tags
from voicelab.asr.speculation import SpeculativeStream, transcribe_all
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.engines.weights.cache import find, revision_of
from voicelab.errors import EngineMissingError

_LANGUAGES = ("auto", "zh", "en", "yue", "ja", "ko")


@dataclass(kw_only=True, eq=False, repr=False)
class SenseVoice:
    """An offline recognizer that decodes at pauses, so that little work remains at the end.

    model: a folder, or a hub id with pulled weights (voicelab models pull sensevoice). revision: of that id; by default
    the pulled one. device: "auto" is the first GPU if present, otherwise the CPU. language: "auto" or zh, en, yue, ja,
    ko. itn: inverse text normalization (digits and punctuation). speculate: decode at pauses while audio arrives.
    segment_s: longer utterances are split at pauses. vad: detector of these pauses: "fsmn" is fsmn-vad, "energy" the
    audio level, "auto" fsmn-vad if pulled, otherwise a folder with such a model. batch_s: maximum seconds of audio per
    batch.
    """

    model: str = "iic/SenseVoiceSmall"
    revision: str | None = None
    device: str = "auto"
    language: str = "auto"
    itn: bool = True
    speculate: bool = True
    segment_s: float = 15.0
    vad: str = "auto"
    batch_s: float = 60.0

    def __post_init__(self) -> None:
        self._model: FunasrModel | None = None
        self._vad: FsmnVad | None = None
        self.folder: Path | None = None

    def load(self) -> EngineInfo:
        start = perf_counter()
        if self.language not in _LANGUAGES:
            known = ", ".join(_LANGUAGES)
            raise EngineMissingError("sensevoice", f"option language must be one of {known}, not {self.language!r}")
        if not 1 <= self.segment_s <= 60 or self.batch_s < 1:
            raise EngineMissingError("sensevoice", "segment_s must be between 1 and 60, batch_s at least 1")
        folder = self.folder = self._folder()
        vad_folder = fsmn_folder(self.vad)
        device = _device(self.device)
        self._vad = FsmnVad(vad_folder) if vad_folder is not None else None
        self._model = FunasrModel(folder, device=device, batch_s=self.batch_s)
        self._decode([np.zeros(SPEECH_RATE_HZ, dtype=np.float32)])
        vad = f"vad {revision_of(vad_folder)}" if vad_folder is not None else "vad energy"
        revision = f"{revision_of(folder)}, {package_revision('funasr', 'torch')}, {vad}"
        licence = "FunASR model licence 1.1 (weights), MIT (funasr)"
        seconds = perf_counter() - start
        return EngineInfo("asr", "sensevoice", asdict(self), revision, device, licence, seconds)

    def stream(self) -> SpeculativeStream:
        return SpeculativeStream("sensevoice", self._decode, self._finder(), speculate=self.speculate)

    def transcribe(self, clips: Sequence[Clip]) -> list[Transcript]:
        """Transcribe each clip (at SPEECH_RATE_HZ), in batches of similar length."""
        return transcribe_all("sensevoice", self._decode, clips, self._finder)

    def _finder(self) -> PauseFinder:
        return DetectedPauseFinder(self.segment_s, self._vad) if self._vad else PauseFinder(self.segment_s)

    def _decode(self, pieces: Sequence[NDArray[np.float32]]) -> list[Transcript]:
        assert self._model is not None, "load comes first"
        return [read_tags(raw) for raw in self._model.decode(pieces, language=self.language, itn=self.itn)]

    def _folder(self) -> Path:
        model, revision = self.model, self.revision
        folder = find(model, revision)
        if folder is None:
            which = f"{model} at revision {revision}" if revision else model
            pull = f"voicelab models pull {'sensevoice' if model == 'iic/SenseVoiceSmall' else model}"
            pull += f" --revision {revision}" if revision else ""
            raise EngineMissingError(
                "sensevoice", f"the weights of {which} are missing; run: {pull}, or give a folder with model=PATH"
            )
        return folder


def _device(device: str) -> str:
    """Resolve "auto". Raises EngineMissingError for a missing device, for which funasr would silently use the CPU."""
    try:
        import torch
    except ImportError as error:
        raise EngineMissingError("sensevoice", f"{error}; run: pip install 'voicelab[sensevoice]'") from error

    if device == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    kind, _, number = device.partition(":")
    if kind == "cuda" and (number or "0").isdecimal() and int(number or 0) < torch.cuda.device_count():
        return f"cuda:{number or 0}"
    if device == "cpu":
        return device
    raise EngineMissingError("sensevoice", f"torch {torch.__version__} has no device {device!r} here; try device=cpu")
