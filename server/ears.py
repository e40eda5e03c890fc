"""The speech detector of the process, shared by all connections that send sound without end."""

from __future__ import annotations

import asyncio
import logging
from typing import Self

from voicelab.errors import EngineError
from voicelab.vad.base import Detector
from voicelab.vad.catalog import DETECTORS
from voicelab.vad.endpoint import Endpointer

logger = logging.getLogger(__name__)

NONE = "none"
"""The name of no detector."""


class Ears:
    """Loads its detector when the first connection needs it: a server without such connections holds no model."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._loading = asyncio.Lock()
        self._is_loaded = False

    @classmethod
    def named(cls, spec: str) -> Self | None:
        """With the detector of that name, None for "none"; InputError or EngineMissingError when there is none such."""
        return None if spec == NONE else cls(DETECTORS.blueprint(spec).build())

    async def open(self) -> None:
        """Load the detector, once, beside the event loop; EngineError when that fails."""
        async with self._loading:
            if self._is_loaded:
                return
            try:
                info = await asyncio.to_thread(self._detector.load)
            except EngineError:
                raise
            except Exception as error:
                raise EngineError("vad", str(error)) from error
            logger.info("VAD %s loaded on %s (%s)", info.name, info.device, info.revision)
            self._is_loaded = True

    def endpointer(self) -> Endpointer:
        """For one stream of sound; `open` comes before."""
        return Endpointer(self._detector.stream())
