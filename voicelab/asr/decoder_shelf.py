"""The decoders of one recognizer that no utterance has at the moment."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from voicelab.asr.sphinx_decoder import SphinxDecoder
from voicelab.heap import give_back

_GIVES_WAY = 10
"""How much nicer the thread that makes decoders is than those that decode."""
_KEPT_S = 600.0


class DecoderShelf:
    """Gives every utterance a decoder of its own, and has a new one made only while more speak than of late.

    That takes a quarter of a second (and 90 MB), in which nobody should have to wait. An utterance is expected when it
    begins, and needs its decoder only when its first second was heard: it is made in between, in a thread that gives
    way to those that decode. One that nobody has needed for ten minutes is let go, when the next one is put back.

    clock: what counts those minutes, in seconds.
    """

    def __init__(self, make: Callable[[], SphinxDecoder], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._clock = clock
        # The one that was used last is taken first: the first has been there longest.
        self._free: deque[tuple[float, SphinxDecoder]] = deque()
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
                return self._free.pop()[1]
            coming = self._coming.popleft()
        return coming.result()

    def put_back(self, utterance: object, decoder: SphinxDecoder | None) -> None:
        """What it took, or None when it never needed one."""
        with self._lock:
            self._expecting.discard(utterance)
            if decoder is not None:
                self._free.append((self._clock(), decoder))
            unused = self._unused()
        if unused:
            self._maker.submit(_let_go, unused)

    def _unused(self) -> list[SphinxDecoder]:
        """Those to let go. One for each who is expected stays, and one for whoever comes next."""
        spare = len(self._free) + len(self._coming) - max(1, len(self._expecting))
        unused: list[SphinxDecoder] = []
        while len(unused) < spare and self._free and self._clock() - self._free[0][0] > _KEPT_S:
            unused.append(self._free.popleft()[1])
        return unused


def _let_go(unused: list[SphinxDecoder]) -> None:
    """In the maker's thread, for it takes a while. Without `give_back` half of their memory stays in the heap."""
    unused.clear()
    give_back()


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _GIVES_WAY)
