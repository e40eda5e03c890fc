"""Pool of the decoders of one recognizer."""

import math
import threading
import time
from collections.abc import Callable
from typing import Protocol

from voicelab.asr.pocketsphinx.decoder import SphinxDecoder
from voicelab.engines.pool.allocator import give_back
from voicelab.engines.pool.cores import lower_thread_priority
from voicelab.errors import EngineBusyError

_AHEAD = 2
"""Number of decoders created before utterances request them."""
_KEPT_S = 600.0
_SURPLUS_KEPT_S = 3.0
"""Seconds that a free decoder is kept: for the `warm` ones, and for one more."""
_IDLE_S = 15.0
_IDLE_WHILE_OTHERS_WAIT_S = 3.0
"""Seconds without new audio after which an utterance loses its decoder: normally, and while others wait."""
_RECLAIM_EVERY_S = 0.1
_LOOK_AGAIN_S = 0.5


class DecoderUser(Protocol):
    """The user of a decoder."""

    def give_up(self, idle_s: float) -> SphinxDecoder | None:
        """Release and return its decoder if no audio was fed for idle_s seconds. Must not wait for a lock."""


class DecoderPool:
    """Lends at most `most` decoders to utterances.

    Creating one takes a quarter of a second and 90 MB. A low-priority thread therefore creates decoders in advance, for
    announced utterances and for requests. An idle utterance loses its decoder after a while, sooner if others wait.
    warm: number of free decoders kept for ten minutes; others are dropped after seconds. clock: current time in
    seconds.
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
        self._free: list[tuple[float, SphinxDecoder]] = []  # since when each is free; the last one is taken first
        self._held: dict[DecoderUser, None] = {}
        self._expected: dict[DecoderUser, None] = {}
        self._waiting: dict[DecoderUser, None] = {}
        self._reclaim_at_s = -math.inf
        self._making = False
        self._fault: Exception | None = None
        self._changed = threading.Condition()
        self._keeper: threading.Thread | None = None

    def expect(self, utterance: DecoderUser) -> None:
        """Announce that an utterance will soon need a decoder; call `put_back` at its end."""
        with self._changed:
            if not self._waiting:
                self._fault = None
            if utterance not in self._waiting:
                self._expected[utterance] = None
            self._wake()

    def take(self, utterance: DecoderUser) -> SphinxDecoder | None:
        """Return a decoder, or None if all are in use or being created: ask again, or call `put_back`.

        It may be in the middle of an utterance that lost it. Raises EngineError if a decoder cannot be created.
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
        """Wait for a decoder. Raises EngineBusyError after limit_s seconds."""
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
        return EngineBusyError("pocketsphinx", f"all {self._most} decoders are in use (option max_decoders)")

    def put_back(self, utterance: DecoderUser, decoder: SphinxDecoder | None) -> None:
        """End the utterance and return its decoder, if any."""
        with self._changed:
            for place in (self._expected, self._waiting, self._held):
                place.pop(utterance, None)
            if decoder is not None:
                self._free.append((self._clock(), decoder))
            self._changed.notify_all()
            self._wake()

    # Everything below except `_keep` and `_make_one` is called with the lock held.

    def _count(self) -> int:
        return len(self._free) + len(self._held) + self._making

    def _needs_one(self) -> bool:
        wanted = len(self._waiting) + min(len(self._expected), _AHEAD)
        return self._fault is None and wanted > len(self._free) and self._count() < self._most

    def _reclaim(self, idle_s: float) -> SphinxDecoder | None:
        """Take the decoder of an utterance without audio for idle_s seconds."""
        for utterance in self._held:
            decoder = utterance.give_up(idle_s)
            if decoder is not None:
                del self._held[utterance]
                return decoder
        return None

    def _unused(self) -> list[SphinxDecoder]:
        """Remove surplus decoders from the pool; keep those requested or announced, and one more."""
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
        """Create and drop decoders while there is something to do."""
        lower_thread_priority()
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
                give_back()  # otherwise half of their memory stays in the heap
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
