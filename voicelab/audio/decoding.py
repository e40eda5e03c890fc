"""Decodes files, uploads and recordings of a data set to Clips.

Streams that arrive in pieces use streaming.py, which shares the decoding code.
"""

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicelab.audio import demuxing
from voicelab.audio.clip import Clip
from voicelab.audio.containers import HEAD_BYTES, KNOWN, Container, find, is_text, recognize
from voicelab.audio.limits import DecodeJob, DecodingStopped, Limits
from voicelab.audio.pipes import Pipe, SeekablePipe
from voicelab.errors import InputError

LARGEST_FILE_BYTES = 2**32
"""Maximum size of a recording, which is read into memory whole: the largest that the size fields of WAV allow."""
DAMAGED_FROM_S = 0.05
"""Minimum missing audio in seconds for a recording to count as damaged; about the shortest phone."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded file. undecoded_s: seconds of damaged or missing audio; container: its name."""

    clip: Clip
    container: str
    undecoded_s: float

    @property
    def is_damaged(self) -> bool:
        """Whether enough audio is missing to affect recognition."""
        return self.undecoded_s > DAMAGED_FROM_S


def decode(data: bytes, *, source: str = "the audio") -> Clip:
    """Decode a file's bytes to one channel, at the file's own rate.

    Raises InputError, which names `source`, for an unknown container, undecodable bytes or empty audio.
    """
    return load(data, source=source).clip


def load(
    data: bytes, *, source: str = "the audio", limits: Limits | None = None, rate_hz: int | None = None
) -> Decoded:
    """Decode a file's bytes and measure the damage.

    rate_hz: resample to this rate while decoding. Raises the errors of `decode`, and TurnTooLongError for more seconds
    than the limits allow.
    """
    return run(data, DecodeJob(source, limits, rate_hz))


async def load_async(
    data: bytes,
    *,
    source: str = "the audio",
    limits: Limits | None = None,
    rate_hz: int | None = None,
    executor: Executor | None = None,
) -> Decoded:
    """Run `load` in a thread (of the executor, or the event loop's own); cancelling the caller stops it."""
    if is_text(data) and recognize(data[:HEAD_BYTES], bare_frames=False) is None:
        # Invalid bytes are rejected here, without occupying a decoder thread.
        raise unknown(data, source)
    job = DecodeJob(source, limits, rate_hz)
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, run, data, job)
    except DecodingStopped as error:
        raise InputError(f"{source}: decoding was stopped because the process is shutting down") from error
    finally:
        job.cancel()


def run(data: bytes, job: DecodeJob) -> Decoded:
    """Run a job on a file's bytes. Raises the errors of `decode`, and DecodingStopped when the job is cancelled."""
    pipe, container = _opened(data, job)
    clips = list(demuxing.sound(pipe, container, job))
    rate = clips[-1].rate_hz
    joined = Clip.join([clip if clip.rate_hz == rate else clip.at_rate(rate) for clip in clips])
    return Decoded(joined, container.name, job.damage.undecoded_s)


def opus_packets(data: bytes, *, source: str = "the audio") -> list[bytes] | None:
    """Return the Opus packets of a container, or None when its audio is not Opus with one or two channels."""
    job = DecodeJob(source)
    pipe, container = _opened(data, job)
    return demuxing.opus_packets(pipe, container, job)


def decode_stereo(data: bytes) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    """Return the left and right channels (float32, -1..1) of a recording, and their rate in Hz.

    Raises InputError when it cannot be decoded.
    """
    job = DecodeJob("the recording")
    pipe, container = _opened(data, job)
    both, rate_hz = demuxing.stereo(pipe, container, job)
    return both[:, 0].copy(), both[:, 1].copy(), rate_hz


def read(path: Path) -> Clip:
    """Read an audio file. Raises InputError, which names the file."""
    return decode(read_bytes(path), source=str(path))


def read_bytes(path: Path) -> bytes:
    """Read a file's bytes, at most LARGEST_FILE_BYTES. Raises InputError, which names the file."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise InputError(
                f"{path}: {size / 2**30:.1f} GiB is too large to read; split the recording (4 GiB at most)"
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def container_name(data: bytes) -> str | None:
    """Return the name of a file's container, or None."""
    found = find(data)
    return found[0].name if found is not None else None


def media_type(head: bytes) -> str:
    """Return the media type of a file from its first bytes."""
    found = find(head)
    return found[0].media_type if found is not None else "application/octet-stream"


def unknown(data: bytes, source: str) -> InputError:
    """Return the error for bytes of an unknown container. References in the bytes are never followed."""
    kind = "it is text, not sound" if is_text(data) else "not a known audio format"
    return InputError(f"{source}: cannot be decoded: {kind}; supported formats: {KNOWN}")


def pipe_for(container: Container, job: DecodeJob, data: bytes | None = None) -> Pipe:
    """Return the pipe that the container's demuxer reads from. data: all of its bytes, if they have arrived."""
    pipe = SeekablePipe(job) if container.seeks else Pipe(job)
    if data is not None:
        pipe.put(data)
        pipe.end()
    return pipe


def _opened(data: bytes, job: DecodeJob) -> tuple[Pipe, Container]:
    if not data:
        raise InputError(f"{job.source}: contains no audio (0 bytes)")
    found = find(data)
    if found is None:
        raise unknown(data, job.source)
    container, start = found
    return pipe_for(container, job, data[start:]), container
