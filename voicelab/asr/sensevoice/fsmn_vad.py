"""FSMN-VAD (FunASR): a small network for voice activity detection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.pauses import PAUSE_S
from voicelab.asr.sensevoice.loading import load_funasr
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.engines.weights.cache import find
from voicelab.errors import EngineMissingError

FSMN_VAD = "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch"
_BLOCK_MS = 100
_BLOCK = SPEECH_RATE_HZ * _BLOCK_MS // 1000
_DITHER_SEED = 0


def fsmn_folder(wanted: str) -> Path | None:
    """Return the detector's folder for the option `vad`; None for energy-based pauses.

    wanted: "energy"; "fsmn" for the pulled model; "auto" for that if present; otherwise a folder. Raises
    EngineMissingError if it is missing.
    """
    if wanted == "energy":
        return None
    if wanted in ("auto", "fsmn"):
        folder = find(FSMN_VAD) or find("funasr/fsmn-vad")
        if folder is None and wanted == "fsmn":
            raise EngineMissingError(
                "sensevoice", f"the weights of {FSMN_VAD} are missing; run: voicelab models pull fsmn-vad"
            )
        return folder
    if not Path(wanted).expanduser().is_dir():
        raise EngineMissingError(
            "sensevoice", f"option vad must be auto, fsmn, energy or a model folder, not {wanted!r}"
        )
    return Path(wanted).expanduser().resolve()


class FsmnVad:
    """A loaded detector on the CPU. folder: with config.yaml, model.pt and am.mvn."""

    def __init__(self, folder: Path) -> None:
        self._model, self._options = load_funasr(folder, model_class="FsmnVADStreaming", device="cpu")

    def listen(self) -> FsmnSegmentStream:
        return FsmnSegmentStream(self._model, self._options)


class FsmnSegmentStream:
    """Processes blocks of 0.1 s, independent of the chunks; speech ends after PAUSE_S without speech."""

    def __init__(self, model: Any, options: dict[str, Any]) -> None:
        self._model = model
        self._options = {
            **options, "cache": {}, "key": [""], "chunk_size": _BLOCK_MS, "is_final": False,
            "max_end_silence_time": round(PAUSE_S * 1000),
        }  # fmt: skip
        self._rest = np.zeros(0, dtype=np.float32)
        self._end_ms: int | None = None

    def feed(self, samples: NDArray[np.float32]) -> int | None:
        """Process the next samples (at SPEECH_RATE_HZ). Return the end of speech, counted from the first sample, once
        speech is over; None before and during speech.
        """
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // _BLOCK * _BLOCK
        self._rest = samples[whole:]
        for start in range(0, whole, _BLOCK):
            self._hear(samples[start : start + _BLOCK])
        return None if self._end_ms is None else self._end_ms * SPEECH_RATE_HZ // 1000

    def _hear(self, block: NDArray[np.float32]) -> None:
        """Process a block. Each result is a start and an end in ms; -1 if reported before or not known yet."""
        import torch

        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(_DITHER_SEED)
            results, _ = self._model.inference([torch.from_numpy(block.copy())], **self._options)
        for _, end_ms in results[0]["value"]:
            self._end_ms = None if end_ms == -1 else end_ms
