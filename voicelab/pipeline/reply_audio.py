"""A reply's sound on its way out: cut into parts, each encoded beside the event loop.

The encoder is hosted as an engine is (hosting.py): in a process of its own beside a server, whose event loop would else
share the interpreter with it packet by packet, and in a thread where few replies are encoded at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from voicelab.audio.clip import Clip
from voicelab.audio.encoder import ReplyEncoder, ReplyFormat, reply_rate_hz
from voicelab.engines.pool.pool import ENGINE_LIMIT_S, EnginePool
from voicelab.engines.spec import EngineConfig, Isolation

_PART_S = 1.0
# The beginning of a reply is encoded alone: the ear waits for it.
_FIRST_PART_S = 0.2


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a reply, encoded. chunks: none empty; perhaps none. starts_s, ends_s: its sound, in the reply."""

    chunks: tuple[bytes, ...]
    starts_s: float
    ends_s: float


class ReplyAudio:
    """One reply, encoded by a hosted encoder; `close` it in any case. duration_s: how much of it is encoded."""

    def __init__(self, encoder: EnginePool, form: ReplyFormat = "opus", rate_hz: int | None = None) -> None:
        self._stream = encoder.stream()
        self._form = form
        self._rate_hz = rate_hz or reply_rate_hz(form)
        self._begun = False
        self.duration_s = 0.0

    def parts(self, sentence: Clip, *, last: bool) -> Iterator[tuple[Clip, bool]]:
        """A sentence cut into what is worth sending alone, each with whether it ends the reply, as `last` does."""
        first_s = _PART_S if self._begun else _FIRST_PART_S
        first, size, end = (round(seconds * sentence.rate_hz) for seconds in (first_s, _PART_S, sentence.duration_s))
        self._begun = True
        for start, stop in pairwise([0, *range(first, end, size), end]):
            yield Clip(sentence.samples[start:stop], sentence.rate_hz), last and stop == end

    async def encode(self, part: Clip, *, last: bool) -> Piece:
        """The chunks of the next part; with last=True, which is given once, there is at least one."""
        chunks, duration_s = await self._stream.call("encode", self._form, self._rate_hz, part, last)
        starts_s, self.duration_s = self.duration_s, self.duration_s + duration_s
        return Piece(chunks, starts_s, self.duration_s)

    async def close(self) -> None:
        """Give back what the encoder holds for this reply."""
        await self._stream.close()


def encoder_host(isolation: Isolation, limit_s: float = ENGINE_LIMIT_S) -> EnginePool:
    """An encoder of replies, not loaded yet."""
    target = f"{ReplyEncoder.__module__}:{ReplyEncoder.__name__}"
    return EnginePool(EngineConfig("encoder", "libopus", target, isolation, {}), limit_s=limit_s)
