"""Encoded sound to a Clip: the one way in for files, uploads and recordings of a set.

What comes piece by piece goes through streaming.py, which decodes with the same code.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from voicelab.audio import demuxing
from voicelab.audio.clip import Clip
from voicelab.audio.containers import KNOWN, Container, find, is_text
from voicelab.audio.damage import Damage
from voicelab.audio.demuxing import Wanted
from voicelab.audio.limits import DecodingStopped, Limits, Stop
from voicelab.audio.pipes import Pipe, SeekablePipe
from voicelab.errors import InputError

DAMAGED_FROM_S = 0.05
"""A recording that misses more than this is damaged: about the length of the shortest phone."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a file held. undecoded_s: seconds of sound that are damaged or missing; container: its name."""

    clip: Clip
    container: str
    undecoded_s: float

    @property
    def is_damaged(self) -> bool:
        """Whether enough is missing to change what is heard."""
        return self.undecoded_s > DAMAGED_FROM_S


def decode(data: bytes, *, source: str = "the audio", longest_s: float = float("inf")) -> Clip:
    """The sound in a file's bytes, mixed to one channel, at the file's own rate.

    Raises InputError, which names `source`, for bytes that are no known container, cannot be decoded or hold no sound,
    and TurnTooLongError for more than longest_s.
    """
    return load(data, source=source, limits=Limits(longest_s=longest_s)).clip


def load(
    data: bytes,
    *,
    source: str = "the audio",
    limits: Limits | None = None,
    rate_hz: int | None = None,
    stop: Stop | None = None,
) -> Decoded:
    """The sound in a file's bytes and how much of it is damaged.

    rate_hz: brings it to this rate while it is decoded, piece by piece. stop: cancels it, which raises Stopped.
    Raises as `decode`.
    """
    limits = limits or Limits()
    stop = stop or Stop(limits, source)
    pipe, container = _opened(data, source, stop)
    damage = Damage()
    clips = list(demuxing.sound(pipe, container, Wanted(source, limits, rate_hz), stop, damage))
    rate = clips[-1].rate_hz
    joined = Clip.join([clip if clip.rate_hz == rate else clip.at_rate(rate) for clip in clips])
    return Decoded(joined, container.name, damage.undecoded_s)


async def load_async(
    data: bytes,
    *,
    source: str = "the audio",
    limits: Limits | None = None,
    rate_hz: int | None = None,
    executor: Executor | None = None,
) -> Decoded:
    """`load` in a thread (of the executor, or the event loop's own); it ends when the caller is cancelled."""
    if is_text(data):
        # What is no sound at all takes no thread from those that send some.
        raise unknown(data, source)
    limits = limits or Limits()
    stop = Stop(limits, source)
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(
            executor, lambda: load(data, source=source, limits=limits, rate_hz=rate_hz, stop=stop)
        )
    except DecodingStopped as error:
        raise InputError(f"{source}: decoding was stopped, because the process ends") from error
    finally:
        stop.cancel()


def opus_packets(data: bytes, *, source: str = "the audio") -> list[bytes] | None:
    """The Opus packets in a container's bytes, as they are; None when its sound is not Opus of one or two channels."""
    limits = Limits()
    stop = Stop(limits, source)
    pipe, container = _opened(data, source, stop)
    return demuxing.opus_packets(pipe, container, Wanted(source, limits), stop)


def read(path: Path) -> Clip:
    """The sound in a file; InputError names the file."""
    return decode(read_bytes(path), source=str(path))


def read_bytes(path: Path) -> bytes:
    """A file's bytes; InputError names the file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def container_name(data: bytes) -> str | None:
    """The name of the container that a file's bytes are in; None where none is known."""
    found = find(data)
    return found[0].name if found is not None else None


def media_type(head: bytes) -> str:
    """The media type of the file that these first bytes begin."""
    found = find(head)
    return found[0].media_type if found is not None else "application/octet-stream"


def unknown(data: bytes, source: str) -> InputError:
    """Why bytes that are no known container are refused. Nothing they may name is looked at."""
    kind = "it is text, not sound" if is_text(data) else "not a known kind of sound file"
    return InputError(f"{source}: cannot be decoded: {kind}; known: {KNOWN}")


def pipe_for(container: Container, stop: Stop) -> Pipe:
    """What the container's demuxer reads from."""
    return SeekablePipe(stop) if container.seeks else Pipe(stop)


def _opened(data: bytes, source: str, stop: Stop) -> tuple[Pipe, Container]:
    if not data:
        raise InputError(f"{source}: holds no sound (0 bytes)")
    found = find(data)
    if found is None:
        raise unknown(data, source)
    container, start = found
    pipe = pipe_for(container, stop)
    pipe.put(data[start:])
    pipe.end()
    return pipe, container
