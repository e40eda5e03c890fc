"""What a speech detector is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.spec import EngineInfo
from voicelab.errors import EngineError

FRAME = 512
"""Samples that are judged at once, at SPEECH_RATE_HZ: 32 ms."""


class DetectorStream(Protocol):
    """One connection's sound on its way through a detector."""

    def feed(self, clip: Clip) -> list[float]:
        """How probably each frame that this piece (SPEECH_RATE_HZ) completes is speech, 0..1; a rest waits."""

    def finish(self) -> list[float]:
        """The same for the rest, filled up with silence: one frame, or none. The stream is used up."""


class Detector(Protocol):
    """Sound to probabilities of speech. A class with keyword options only; cheap to build, heavy to load.

    One serves all connections of a process: what is a connection's own lies in its stream.
    """

    def load(self) -> EngineInfo:
        """Load and warm up; raises EngineMissingError with the way out."""

    def stream(self) -> DetectorStream:
        """Begin a connection's sound."""

    def feed_many(self, streams: Sequence[DetectorStream], clips: Sequence[Clip]) -> list[list[float]]:
        """What each stream's `feed` gives for its clip, in order, in less time than one by one; no stream twice."""


class Framer:
    """Cuts pieces of any length into frames of FRAME samples; the rest waits for the next piece."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._rest = np.zeros(0, dtype=np.float32)

    def frames(self, clip: Clip) -> NDArray[np.float32]:
        """Shape (n, FRAME), float32; EngineError when the clip has another rate."""
        if clip.rate_hz != SPEECH_RATE_HZ:
            raise EngineError(self._engine, f"takes {SPEECH_RATE_HZ} Hz, was fed {clip.rate_hz}")
        samples = np.concatenate([self._rest, clip.samples])
        whole = len(samples) // FRAME * FRAME
        self._rest = samples[whole:].copy()
        return samples[:whole].reshape(-1, FRAME)

    def last(self) -> NDArray[np.float32]:
        """What waits, filled up with silence: shape (1, FRAME), or (0, FRAME) when nothing does."""
        if not len(self._rest):
            return np.zeros((0, FRAME), dtype=np.float32)
        filled = np.pad(self._rest, (0, FRAME - len(self._rest)))[None]
        self._rest = self._rest[:0]
        return filled
