"""Whisper through faster-whisper (CTranslate2), from the folder of a converted model."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.base import Transcript
from voicelab.asr.pauses import PauseFinder
from voicelab.asr.speculation import SpeculativeStream
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.engines.weights.cache import find, revision_of
from voicelab.errors import EngineError, EngineMissingError


@dataclass(kw_only=True, eq=False, repr=False)
class FasterWhisper:
    """An offline recognizer that decodes at pauses.

    model: a folder, or a pulled Hugging Face id. revision: of that id. device: cpu or cuda. compute_type: CTranslate2's
    name (int8, float16, float32, ...). language: a code such as en; detected from the audio if None. beam_size: number
    of hypotheses. speculate, segment_s: as for sensevoice.
    """

    model: str = "Systran/faster-whisper-base.en"
    revision: str | None = None
    device: str = "cpu"
    compute_type: str = "int8"
    language: str | None = "en"
    beam_size: int = 5
    speculate: bool = True
    segment_s: float = 15.0

    def __post_init__(self) -> None:
        self._whisper: Any = None

    def load(self) -> EngineInfo:
        model, language = self.model, self.language
        if not 1 <= self.segment_s <= 15:
            raise EngineError("faster-whisper", "segment_s must be between 1 and 15; Whisper's window is 30 s")
        if model.rstrip("/").endswith(".en") and language not in ("en", None):
            raise EngineMissingError(
                "faster-whisper", f"{model} supports English only, not {language!r}; set model= to a multilingual one"
            )
        folder = find(model, self.revision)
        if folder is None:
            raise EngineMissingError(
                "faster-whisper",
                f"the weights of {model} are missing; run: voicelab models pull {model}, or give a folder: model=PATH",
            )
        if not (folder / "model.bin").is_file() or not (folder / "tokenizer.json").is_file():
            # Without a tokenizer file, faster-whisper would download one.
            raise EngineMissingError(
                "faster-whisper", f"{folder} lacks model.bin or tokenizer.json; choose another model"
            )
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise EngineMissingError("faster-whisper", f"{error}; run: pip install 'voicelab[whisper]'") from error
        try:
            self._whisper = WhisperModel(
                str(folder), device=self.device, compute_type=self.compute_type, local_files_only=True
            )
        except (RuntimeError, ValueError) as error:
            raise EngineMissingError("faster-whisper", f"{error}; try device=cpu or another compute_type") from error
        self._decode([np.zeros(SPEECH_RATE_HZ, dtype=np.float32)])
        revision = f"{revision_of(folder, 'model.bin')}, {package_revision('faster-whisper', 'ctranslate2')}"
        return EngineInfo("asr", "faster-whisper", asdict(self), revision, self.device, "MIT (Whisper, faster-whisper)")

    def stream(self) -> SpeculativeStream:
        return SpeculativeStream("faster-whisper", self._decode, PauseFinder(self.segment_s), speculate=self.speculate)

    def _decode(self, pieces: Sequence[NDArray[np.float32]]) -> list[Transcript]:
        return [self._hear(piece) for piece in pieces]

    def _hear(self, piece: NDArray[np.float32]) -> Transcript:
        # A single temperature: the fallback to sampling would make results vary.
        found, info = self._whisper.transcribe(
            piece.copy(), language=self.language, beam_size=self.beam_size, temperature=0.0,
            condition_on_previous_text=False, without_timestamps=True,
        )  # fmt: skip
        parts = list(found)
        text = " ".join("".join(part.text for part in parts).split())
        likely = [float(np.exp(part.avg_logprob)) for part in parts]
        confidence = min(1.0, sum(likely) / len(likely)) if likely else None
        return Transcript(text, str(info.language), confidence)
