"""The decoders of one recognizer: who has one, which are free, and how many there may be."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

from voicelab.asr.pocketsphinx.decoder import SphinxDecoder
from voicelab.engines.pool.allocator import give_back
from voicelab.errors import EngineBusyError

_GIVES_WAY = 10
"""How much nicer the thread that makes decoders is than those that decode."""
_AHEAD = 2
"""How many decoders are made before their utterances ask for them."""
_KEPT_S = 600.0
_SURPLUS_KEPT_S = 3.0
"""How long a free decoder stays: one of the `warm` ones, and one beyond them."""
_IDLE_S = 15.0
_IDLE_WHILE_OTHERS_WAIT_S = 3.0
"""After how long without new sound an utterance loses its decoder: while there are enough, and while there are not."""
_RECLAIM_EVERY_S = 0.1
_LOOK_AGAIN_S = 0.5


class DecoderUser(Protocol):
    """What holds a decoder."""

    def give_up(self, idle_s: float) -> SphinxDecoder | None:
        """Its decoder, which it then no longer has, if nothing was fed for idle_s. Must not wait for a lock."""


class DecoderPool:
    """Lends decoders to utterances; there are never more than `most`.

    Making one takes a quarter of a second and 90 MB, so a thread that gives way to those that decode makes it ahead of
    need: for an utterance that is expected, and for one that has asked. An utterance that is not fed loses its decoder
    after a while, sooner while others wait. warm: how many free decoders stay for ten minutes; others go after seconds.
    clock: gives the time in seconds.
    """

    def __init__(
        self,
        make: Callable[[], SphinxDecoder],
        *,
        most: int,
        warm: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._most = most
        self._warm = max(1, min(warm, most))
        self._clock = clock
        self._free: list[tuple[float, SphinxDecoder]] = []  # since when; the last one is taken first
        self._held: dict[DecoderUser, None] = {}
        self._expected: dict[DecoderUser, None] = {}
        self._waiting: dict[DecoderUser, None] = {}
        self._reclaim_at_s = -math.inf
        self._making = False
        self._fault: Exception | None = None
        self._changed = threading.Condition()
        self._keeper: threading.Thread | None = None

    def expect(self, utterance: DecoderUser) -> None:
        """The utterance will soon need a decoder; `put_back` must follow when it is over."""
        with self._changed:
            if not self._waiting:
                self._fault = None
            if utterance not in self._waiting:
                self._expected[utterance] = None
            self._wake()

    def take(self, utterance: DecoderUser) -> SphinxDecoder | None:
        """A decoder, or None when all are in use or one is still being made: ask again, or `put_back`.

        It may be in the middle of an utterance that lost it. Raises EngineError when it could not be made.
        """
        with self._changed:
            decoder = self._free.pop()[1] if self._free else None
            if decoder is None and self._count() >= self._most and self._clock() >= self._reclaim_at_s:
                self._reclaim_at_s = self._clock() + _RECLAIM_EVERY_S
                decoder = self._reclaim(_IDLE_WHILE_OTHERS_WAIT_S)
            self._expected.pop(utterance, None)
            if decoder is not None:
                self._waiting.pop(utterance, None)
                self._held[utterance] = None
            elif self._fault is not None:
                self._waiting.pop(utterance, None)
                fault, self._fault = self._fault, None
                raise fault
            else:
                self._waiting[utterance] = None
            self._wake()
            return decoder

    def wait(self, utterance: DecoderUser, limit_s: float) -> SphinxDecoder:
        """A decoder, once there is one. Raises EngineBusyError when there is none within the limit."""
        deadline = time.monotonic() + limit_s
        with self._changed:
            while (decoder := self.take(utterance)) is None:
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    self._waiting.pop(utterance, None)
                    raise self.busy()
                self._changed.wait(min(left_s, _LOOK_AGAIN_S))
            return decoder

    def busy(self) -> EngineBusyError:
        """What to tell an utterance that cannot have one."""
        return EngineBusyError("pocketsphinx", f"all {self._most} decoders are in use (option max_decoders)")

    def put_back(self, utterance: DecoderUser, decoder: SphinxDecoder | None) -> None:
        """The utterance is over. decoder: the one that it has now, if any."""
        with self._changed:
            for place in (self._expected, self._waiting, self._held):
                place.pop(utterance, None)
            if decoder is not None:
                self._free.append((self._clock(), decoder))
            self._changed.notify_all()
            self._wake()

    # All below but `_keep` and `_make_one` are called with the lock.

    def _count(self) -> int:
        return len(self._free) + len(self._held) + self._making

    def _needs_one(self) -> bool:
        wanted = len(self._waiting) + min(len(self._expected), _AHEAD)
        return self._fault is None and wanted > len(self._free) and self._count() < self._most

    def _reclaim(self, idle_s: float) -> SphinxDecoder | None:
        """The decoder of an utterance that has not been fed for so long."""
        for utterance in self._held:
            decoder = utterance.give_up(idle_s)
            if decoder is not None:
                del self._held[utterance]
                return decoder
        return None

    def _unused(self) -> list[SphinxDecoder]:
        """Take those that go off the pool; what somebody waits for or expects stays, and one for who comes next."""
        needed = max(1, len(self._waiting) + min(len(self._expected), _AHEAD))
        unused: list[SphinxDecoder] = []
        while len(self._free) > needed:
            kept_s = _KEPT_S if self._count() <= self._warm else _SURPLUS_KEPT_S
            if self._clock() - self._free[0][0] <= kept_s:
                break
            unused.append(self._free.pop(0)[1])
        return unused

    def _has_work(self) -> bool:
        return self._needs_one() or bool(self._held) or len(self._free) > self._warm

    def _wake(self) -> None:
        if self._keeper is not None:
            self._changed.notify_all()
        elif self._has_work() or len(self._free) > 1:
            self._keeper = threading.Thread(target=self._keep, name="decoder-keeper", daemon=True)
            self._keeper.start()

    def _keep(self) -> None:
        """Make decoders and let others go, for as long as there is something to do."""
        _give_way()
        while True:
            with self._changed:
                while (decoder := self._reclaim(_IDLE_S)) is not None:
                    self._free.append((self._clock(), decoder))
                    del decoder
                unused = self._unused()
                self._making = self._needs_one()
                if not unused and not self._making:
                    if not self._has_work():
                        self._keeper = None
                        return
                    self._changed.wait(_LOOK_AGAIN_S)
                    continue
            if unused:
                unused.clear()
                give_back()  # else half of their memory stays in the heap
            if self._making:
                self._make_one()

    def _make_one(self) -> None:
        made, fault = None, None
        try:
            made = self._make()
        except Exception as error:  # noqa: BLE001 - raised again for the utterance that needs it
            fault = error
        with self._changed:
            self._making = False
            self._fault = fault
            if made is not None:
                self._free.append((self._clock(), made))
            self._changed.notify_all()


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _GIVES_WAY)
