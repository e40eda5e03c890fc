"""Splits a reply's audio into parts and encodes them outside the event loop.

The encoder runs in a pool like an engine (engines/pool): in a separate process in a server, whose event loop would
otherwise compete with it for the GIL on every packet, and in a thread when few replies are encoded concurrently.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from voicelab.audio.clip import Clip
from voicelab.audio.encoder import ReplyEncoder, ReplyFormat, reply_rate_hz
from voicelab.engines.pool.pool import ENGINE_LIMIT_S, EnginePool
from voicelab.engines.spec import EngineConfig, Entry, Isolation

_PART_S = 1.0
# The start of a reply is encoded separately, to send it as soon as possible.
_FIRST_PART_S = 0.2


@dataclass(frozen=True, slots=True)
class Piece:
    """An encoded part of a reply. chunks: non-empty; may be none. starts_s, ends_s: its position in the reply."""

    chunks: tuple[bytes, ...]
    starts_s: float
    ends_s: float


class ReplyAudio:
    """Encodes one reply; always call `close`. duration_s: seconds encoded so far."""

    def __init__(self, encoder: EnginePool, form: ReplyFormat = "opus", rate_hz: int | None = None) -> None:
        self._stream = encoder.stream()
        self._form = form
        self._rate_hz = rate_hz or reply_rate_hz(form)
        self._begun = False
        self.duration_s = 0.0

    def parts(self, sentence: Clip, *, last: bool) -> Iterator[tuple[Clip, bool]]:
        """Yield the parts of a sentence to send separately, and whether each one ends the reply (`last`)."""
        first_s = _PART_S if self._begun else _FIRST_PART_S
        first, size, end = (round(seconds * sentence.rate_hz) for seconds in (first_s, _PART_S, sentence.duration_s))
        self._begun = True
        for start, stop in pairwise([0, *range(first, end, size), end]):
            yield Clip(sentence.samples[start:stop], sentence.rate_hz), last and stop == end

    async def encode(self, part: Clip, *, last: bool) -> Piece:
        """Encode the next part. With last=True (once), returns at least one chunk."""
        chunks, duration_s = await self._stream.call("encode", self._form, self._rate_hz, part, last)
        starts_s, self.duration_s = self.duration_s, self.duration_s + duration_s
        return Piece(chunks, starts_s, self.duration_s)

    async def close(self) -> None:
        await self._stream.close()


def encoder_host(isolation: Isolation, limit_s: float = ENGINE_LIMIT_S) -> EnginePool:
    """Return an encoder pool, not loaded yet."""
    target = f"{ReplyEncoder.__module__}:{ReplyEncoder.__name__}"
    # The encoder multiplies no matrices, and starting OpenBLAS's threads takes a third of the process's start.
    environment = {"OPENBLAS_NUM_THREADS": "1"}
    entry = Entry(target, "the encoder of replies", isolation, environment=environment)
    return EnginePool(EngineConfig("encoder", "libopus", entry), limit_s=limit_s)
