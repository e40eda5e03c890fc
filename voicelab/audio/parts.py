"""Reads a part of a long recording, without decoding the rest where that is safe."""

import io
import re
import sys
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from voicelab.audio import decoding, demuxing
from voicelab.audio.channels import Mixer
from voicelab.audio.clip import Clip
from voicelab.audio.containers import MOST_LEAD_IN_BYTES, Container, find
from voicelab.audio.decoding import Decoded
from voicelab.audio.demuxing import first_audio, open_container
from voicelab.audio.limits import DecodeJob
from voicelab.audio.wav import is_plain
from voicelab.errors import InputError

_STATES_ITS_LENGTH = ("wav", "flac")
_STARTS = {"flac": re.compile(rb"fLaC"), "ogg": re.compile(rb"OggS\0[\x02\x03\x06\x07]")}
"""Starts of files. In the second of several joined files, the positions of packets count from its own start."""
_PREROLL_S = 1.0
"""Decoding starts this many seconds before a part, so that the decoder's state has settled."""
_LARGEST_GAP_S = 0.02
_READ_BYTES = 1 << 20


def length_s(recording: bytes | Path, *, source: str) -> float:
    """Return the length of a recording in seconds, from the header where the container's header is reliable.

    Raises InputError, which names `source`, for an undecodable recording.
    """
    file, container = _opened(recording, source)
    with file:
        if container.name in _STATES_ITS_LENGTH and (container.name != "wav" or is_plain(file)):
            file.seek(0)
            try:
                with open_container(file, container) as demuxed:
                    if demuxed.duration:
                        return float(demuxed.duration / av.time_base)
            except (av.error.FFmpegError, ValueError):
                pass  # the decoder below reports the error
        file.seek(0)
        return decoding.decode(file.read(), source=source).duration_s


def cut(recording: bytes | Path, offset_s: float, duration_s: float | None, *, source: str) -> Decoded:
    """Return duration_s seconds from offset_s on (None: to the end); shorter or empty at the end of the recording.

    undecoded_s of the result counts the damage up to the end of the part, which shifts what follows. Raises InputError,
    which names `source`, for an undecodable recording.
    """
    file, container = _opened(recording, source)
    with file:
        if offset_s > _PREROLL_S and _can_be_entered(file, container):
            try:
                clip = _entered(file, container, offset_s, duration_s, source)
            except (av.error.FFmpegError, ValueError):
                clip = None  # it is damaged; decoding from the start measures the damage
            if clip is not None:
                return Decoded(clip, container.name, 0.0)
        file.seek(0)
        return _from_start(file.read(), container, offset_s, duration_s, source)


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


def _can_be_entered(file: BinaryIO, container: Container) -> bool:
    """Whether FFmpeg finds positions in this recording: it is a single file of a container with exact positions."""
    if container.name == "wav":
        return is_plain(file)
    start, count = _STARTS.get(container.name), 0
    file.seek(0)
    while start is not None and count < 2 and (data := file.read(_READ_BYTES)):
        count += len(start.findall(data))
    return count == 1


def _entered(
    file: BinaryIO, container: Container, offset_s: float, duration_s: float | None, source: str
) -> Clip | None:
    """Return the part, decoded from shortly before it; None if FFmpeg does not find all of it."""
    blocks: list[NDArray[np.float32]] = []
    first = end = position = arrived = rate_hz = 0
    job = DecodeJob(source)
    file.seek(0)
    with open_container(file, container) as demuxed:
        stream = first_audio(demuxed, source)
        mixer = Mixer(source, floats=stream.codec_context.name.startswith("pcm_f"))
        start_s = float((stream.start_time or 0) * (stream.time_base or 0))
        demuxed.seek(int((start_s + offset_s - _PREROLL_S) * av.time_base), backward=True)
        for frame in chain(demuxed.decode(audio=0), [None]):
            if frame is not None:
                job.check_shape(frame.sample_rate, frame.layout.nb_channels)
                at = round((float((frame.pts or 0) * (frame.time_base or 0)) - start_s) * frame.sample_rate)
                if not rate_hz:
                    rate_hz, first = frame.sample_rate, round(offset_s * frame.sample_rate)
                    end = sys.maxsize if duration_s is None else first + round(duration_s * rate_hz)
                    position = arrived = max(at, 0)
                if (not blocks and position > first) or abs(at - arrived) > _LARGEST_GAP_S * rate_hz:
                    # The seek went too far, or frames are missing.
                    return None
                arrived += frame.samples
            block = mixer.mix(frame) if frame is not None else mixer.rest()
            blocks.append(block[max(first - position, 0) : max(end - position, 0)])
            position += len(block)
            if position >= end:
                break
    found = Clip(np.concatenate(blocks), rate_hz) if rate_hz else None
    is_found = found is not None and len(found.samples) >= max(1, round((duration_s or 0.0) * rate_hz))
    return found if is_found else None


def _from_start(data: bytes, container: Container, offset_s: float, duration_s: float | None, source: str) -> Decoded:
    """Return the part, decoded like the whole recording, up to its end."""
    job = DecodeJob(source)
    pipe = decoding.pipe_for(container, job, data)
    blocks: list[NDArray[np.float32]] = []
    rate_hz = first = end = position = 0
    for clip in demuxing.sound(pipe, container, job):
        if not rate_hz:
            rate_hz, first = clip.rate_hz, round(offset_s * clip.rate_hz)
            end = sys.maxsize if duration_s is None else first + round(duration_s * rate_hz)
        block = clip.at_rate(rate_hz).samples
        blocks.append(block[max(first - position, 0) : max(end - position, 0)])
        position += len(block)
        if position >= end:
            return Decoded(Clip(np.concatenate(blocks), rate_hz), container.name, job.damage.so_far_s)
    return Decoded(Clip(np.concatenate(blocks), rate_hz), container.name, job.damage.undecoded_s)
