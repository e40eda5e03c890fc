"""The interface of speech detectors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.spec import EngineInfo
from voicelab.errors import EngineError, EngineMissingError

FRAME = 512
"""Samples per frame at SPEECH_RATE_HZ: 32 ms."""
_ERRORS_ONLY = 3


class DetectorStream(Protocol):
    """The audio stream of one connection in a detector."""

    def feed(self, clip: Clip) -> list[float]:
        """Return the speech probability (0..1) of each frame completed by this piece (SPEECH_RATE_HZ)."""

    def finish(self) -> list[float]:
        """Return that of the incomplete last frame, if any, padded with silence. The stream is then finished."""


class Detector(Protocol):
    """Computes speech probabilities. A class with keyword options only; construction is cheap, `load` may be slow.

    One detector serves all connections of a process; the state of a connection is in its stream.
    """

    def load(self) -> EngineInfo:
        """Load and warm up. Raises EngineMissingError with instructions."""

    def stream(self) -> DetectorStream:
        """Start the stream of a connection."""

    def feed_many(self, streams: Sequence[DetectorStream], clips: Sequence[Clip]) -> list[list[float]]:
        """Return the results of each stream's `feed`, in order, faster than one by one. No stream may occur twice."""


class Framer:
    """Splits pieces of any length into frames of FRAME samples, and keeps the rest for the next piece."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._rest = np.zeros(0, dtype=np.float32)

    def frames(self, clip: Clip) -> NDArray[np.float32]:
        """Return the complete frames, shape (n, FRAME), float32. Raises EngineError if the clip has another rate."""
        if clip.rate_hz != SPEECH_RATE_HZ:
            raise EngineError(self._engine, f"expected {SPEECH_RATE_HZ} Hz, got {clip.rate_hz}")
        samples = np.concatenate([self._rest, clip.samples])
        whole = len(samples) // FRAME * FRAME
        self._rest = samples[whole:].copy()
        return samples[:whole].reshape(-1, FRAME)

    def last(self) -> NDArray[np.float32]:
        """Return the rest, padded with silence: shape (1, FRAME), or (0, FRAME) if there is none."""
        if not len(self._rest):
            return np.zeros((0, FRAME), dtype=np.float32)
        filled = np.pad(self._rest, (0, FRAME - len(self._rest)))[None]
        self._rest = self._rest[:0]
        return filled


def onnx_session(engine: str, model: Path, install: str) -> Any:
    """Load an ONNX model for one thread of the CPU. install: the command that installs onnxruntime."""
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineMissingError(engine, f"{error}; {install}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
