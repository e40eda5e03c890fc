"""The decoders of one recognizer that no utterance has at the moment."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from voicelab.asr.sphinx_decoder import SphinxDecoder

_GIVES_WAY = 10
"""How much nicer the thread that makes decoders is than those that decode."""


class DecoderShelf:
    """Gives every utterance a decoder of its own, and has a new one made only while more speak than ever before.

    That takes a quarter of a second (and 90 MB), in which nobody should have to wait. An utterance is expected when it
    begins, and needs its decoder only when its first second was heard: it is made in between, in a thread that gives
    way to those that decode.
    """

    def __init__(self, make: Callable[[], SphinxDecoder]) -> None:
        self._make = make
        self._free: list[SphinxDecoder] = []
        self._coming: deque[Future[SphinxDecoder]] = deque()
        self._expecting: set[object] = set()
        self._lock = threading.Lock()
        self._maker = ThreadPoolExecutor(1, "decoder-maker", _give_way)

    def expect(self, utterance: object) -> None:
        """An utterance begins; `put_back` must follow, when it is over."""
        with self._lock:
            self._expecting.add(utterance)
            if len(self._free) + len(self._coming) < len(self._expecting):
                self._coming.append(self._maker.submit(self._make))

    def take(self, utterance: object) -> SphinxDecoder:
        """For one that is expected; waits where it is still being made. EngineError when it could not be."""
        with self._lock:
            self._expecting.remove(utterance)
            if self._free:
                return self._free.pop()
            coming = self._coming.popleft()
        return coming.result()

    def put_back(self, utterance: object, decoder: SphinxDecoder | None) -> None:
        """What it took, or None when it never needed one."""
        with self._lock:
            self._expecting.discard(utterance)
            if decoder is not None:
                self._free.append(decoder)


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _GIVES_WAY)
