"""Detect speech by level alone: deterministic and without a model. Coughs and doors count as speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo
from voicelab.vad.base import DetectorStream, Framer

_FLOOR_START_DBFS, _FLOOR_RISE_DB = -60.0, 0.032


@dataclass(kw_only=True, eq=False, repr=False)
class Energy:
    """Level-based detector. above_floor_db: minimum level above the noise. quietest_dbfs: minimum level of speech.

    The noise floor drops to the quietest frame immediately, and rises by 1 dB per second.
    """

    above_floor_db: float = 9.0
    quietest_dbfs: float = -50.0

    def load(self) -> EngineInfo:
        return EngineInfo("vad", "energy", asdict(self), revision="1", licence="Apache-2.0")

    def stream(self) -> EnergyStream:
        return EnergyStream(self.above_floor_db, self.quietest_dbfs)

    def feed_many(self, streams: Sequence[DetectorStream], clips: Sequence[Clip]) -> list[list[float]]:
        return [stream.feed(clip) for stream, clip in zip(streams, clips, strict=True)]


class EnergyStream:
    """Returns 1.0 for frames of speech and 0.0 for others."""

    def __init__(self, above_floor_db: float, quietest_dbfs: float) -> None:
        self._above_floor_db = above_floor_db
        self._quietest_dbfs = quietest_dbfs
        self._floor_dbfs = _FLOOR_START_DBFS
        self._framer = Framer("energy")

    def feed(self, clip: Clip) -> list[float]:
        return self._classified(self._framer.frames(clip))

    def finish(self) -> list[float]:
        return self._classified(self._framer.last())

    def _classified(self, frames: NDArray[np.float32]) -> list[float]:
        power = np.mean(np.square(frames, dtype=np.float64), axis=1)
        heard = []
        for level_dbfs in (10 * np.log10(power + 1e-12)).tolist():
            heard.append(float(level_dbfs > max(self._floor_dbfs + self._above_floor_db, self._quietest_dbfs)))
            self._floor_dbfs = min(level_dbfs, self._floor_dbfs + _FLOOR_RISE_DB)
        return heard
