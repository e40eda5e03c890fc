"""Reads a part of a long recording without decoding the rest."""

from __future__ import annotations

import io
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from voicelab.audio import decoding
from voicelab.audio.channels import Mixer
from voicelab.audio.clip import Clip
from voicelab.audio.containers import MOST_LEAD_IN_BYTES, Container, find
from voicelab.audio.demuxing import first_audio, open_container
from voicelab.audio.limits import Limits
from voicelab.errors import InputError

_STATES_ITS_LENGTH = ("wav", "flac")
_CAN_BE_ENTERED = ("wav", "flac", "ogg")
_PREROLL_S = 1.0
"""Decoding starts this many seconds before a part, so that the decoder's state has settled."""


def length_s(recording: bytes | Path, *, source: str) -> float:
    """Return the length of a recording in seconds, from the header where the container's header is reliable.

    Raises InputError, which names `source`, for an undecodable recording.
    """
    file, container = _opened(recording, source)
    with file:
        if container.name in _STATES_ITS_LENGTH:
            try:
                with open_container(file, container) as demuxed:
                    if demuxed.duration:
                        return float(demuxed.duration / av.time_base)
            except (av.error.FFmpegError, ValueError):
                pass  # the decoder below reports the error
        file.seek(0)
        return decoding.decode(file.read(), source=source).duration_s


def cut(recording: bytes | Path, offset_s: float, duration_s: float | None, *, source: str) -> Clip:
    """Return duration_s seconds from offset_s on (None: to the end); shorter or empty at the end of the recording.

    Raises InputError, which names `source`, for an undecodable recording.
    """
    file, container = _opened(recording, source)
    with file:
        try:
            return _cut(file, container, offset_s, duration_s, source)
        except (av.error.FFmpegError, ValueError) as error:
            raise InputError(f"{source}: cannot be decoded ({container.name})") from error


def _opened(recording: bytes | Path, source: str) -> tuple[BinaryIO, Container]:
    """Return the recording, positioned at the start of its audio, and its container."""
    try:
        file: BinaryIO = io.BytesIO(recording) if isinstance(recording, bytes) else recording.open("rb")
    except OSError as error:
        raise InputError(f"{recording!s}: cannot be read: {error.strerror}") from error
    head = file.read(MOST_LEAD_IN_BYTES)
    found = find(head)
    if found is None or found[1]:
        # A tag or junk before the audio may be longer than this.
        with file:
            data = head + file.read()
        found = find(data)
        if found is None:
            raise decoding.unknown(data, source)
        file = io.BytesIO(data[found[1] :])
    file.seek(0)
    return file, found[0]


def _cut(file: BinaryIO, container: Container, offset_s: float, duration_s: float | None, source: str) -> Clip:
    blocks: list[NDArray[np.float32]] = []
    first, position, rate_hz, limits = 0, -1, 0, Limits()
    with open_container(file, container) as demuxed:
        stream = first_audio(demuxed, source)
        mixer = Mixer(source, floats=stream.codec_context.name.startswith("pcm_f"))
        start_s = float((stream.start_time or 0) * (stream.time_base or 0))
        entered = container.name in _CAN_BE_ENTERED and offset_s > _PREROLL_S
        if entered:
            demuxed.seek(int((start_s + offset_s - _PREROLL_S) * av.time_base), backward=True)
        for frame in chain(demuxed.decode(audio=0), [None]):
            if frame is not None:
                limits.check_shape(frame.sample_rate, frame.layout.nb_channels, source)
                rate_hz = frame.sample_rate
            if frame is not None and position < 0:
                at_s = float((frame.pts or 0) * (frame.time_base or 0)) - start_s if entered else 0.0
                first, position = round(offset_s * rate_hz), max(round(at_s * rate_hz), 0)
            block = mixer.mix(frame) if frame is not None else mixer.rest()
            end = first + round(duration_s * rate_hz) if duration_s is not None else position + len(block)
            blocks.append(block[max(first - position, 0) : max(end - position, 0)])
            position += len(block)
            if duration_s is not None and position >= end:
                break
    if not rate_hz and entered:
        return Clip(np.zeros(0, np.float32), stream.rate)
    if not rate_hz:
        raise InputError(f"{source}: contains no audio")
    return Clip(np.concatenate(blocks), rate_hz)
