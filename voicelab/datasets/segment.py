"""A part of a recording: where it begins and how long it is, as `offset` and `duration` of a NeMo manifest say."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import BinaryIO

import av
import av.error
import numpy as np

from voicelab import codecs
from voicelab.clip import Clip
from voicelab.errors import InputError

TOLERANCE_S = 0.1
"""Manifests round durations: a segment may pass the recording's end by this much, and is cut off there. A duration
without an offset that differs from the recording's by no more names the whole recording."""

ENCODING = "wav, pcm_s16le"
"""What a segment is sent as."""

_SEEKABLE = ("wav", "flac", "ogg")
_PREROLL_S = 1.0
"""Decoders begin this long before a segment, so that what they carry over from before is there."""


def cut(recording: bytes | Path, offset_s: float | None, duration_s: float | None, *, source: str) -> bytes:
    """The segment as a 16-bit mono WAV at the recording's rate, or the recording's own bytes where it is all of it.

    Only the segment and what a decoder needs before it are decoded, if the format can be entered in the middle.
    Raises InputError that names `source` and the field when the segment is not within the recording.
    """
    if is_whole(recording, offset_s, duration_s, source=source):
        return recording if isinstance(recording, bytes) else codecs.read_bytes(recording)
    return encode(_decoded(recording, offset_s or 0.0, duration_s, source))


def is_whole(recording: bytes | Path, offset_s: float | None, duration_s: float | None, *, source: str) -> bool:
    """Whether there is no offset and the duration is that of the whole recording."""
    if offset_s is not None:
        return False
    return duration_s is None or abs(_length_s(recording, source) - duration_s) <= TOLERANCE_S


def encode(clip: Clip) -> bytes:
    """A WAV file that holds nothing but the sound, so that equal sound has equal bytes."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(clip.rate_hz)
        file.writeframes(clip.to_pcm16())
    return sink.getvalue()


def _opened(recording: bytes | Path) -> BinaryIO:
    # A file object, not a name: FFmpeg reads some names as protocols.
    try:
        return io.BytesIO(recording) if isinstance(recording, bytes) else recording.open("rb")
    except OSError as error:
        raise InputError(f"{recording!s}: cannot be read: {error.strerror}") from error


def _length_s(recording: bytes | Path, source: str) -> float:
    """The length of a recording; from the header where the format's header can be relied on."""
    with _opened(recording) as file:
        form = codecs.sniff(file.read(4))
        file.seek(0)
        if form in ("wav", "flac"):
            try:
                with av.open(file, "r") as container:
                    if container.duration:
                        return float(container.duration / av.time_base)
            except (av.error.FFmpegError, ValueError):
                file.seek(0)  # the decoder below says what is wrong
        return codecs.decode(file.read(), source=source).duration_s


def _decoded(recording: bytes | Path, offset_s: float, duration_s: float | None, source: str) -> Clip:
    if duration_s == 0:
        raise InputError(f"{source}: field 'duration' is 0; a segment needs a length")
    with _opened(recording) as file:
        seekable = codecs.sniff(file.read(4)) in _SEEKABLE
        file.seek(0)
        try:
            found, rate_hz = _samples(file, offset_s, duration_s, source, seekable=seekable)
        except (av.error.FFmpegError, ValueError) as error:
            raise InputError(f"{source}: cannot be decoded: {error}") from error
    if not len(found):
        raise InputError(f"{source}: field 'offset': {offset_s:g} s is not before the end of the recording")
    length_s = len(found) / rate_hz
    if duration_s is not None and length_s < duration_s - TOLERANCE_S:
        raise InputError(
            f"{source}: field 'duration': the segment of {duration_s:g} s from {offset_s:g} s passes the end of the "
            f"recording by {duration_s - length_s:.2f} s"
        )
    return Clip(found, rate_hz)


def _samples(
    file: BinaryIO, offset_s: float, duration_s: float | None, source: str, *, seekable: bool
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float32]], int]:
    """The samples of the segment, shape (n,), float32, and their rate; fewer than asked for where the sound ends."""
    blocks: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []
    first, position, rate_hz = 0, -1, 0
    with av.open(file, "r") as container:
        if not container.streams.audio:
            raise InputError(f"{source}: no audio stream in it")
        stream = container.streams.audio[0]
        start_s = float((stream.start_time or 0) * (stream.time_base or 0))
        entered = seekable and offset_s > _PREROLL_S
        if entered:
            container.seek(int((start_s + offset_s - _PREROLL_S) * av.time_base), backward=True)
        for frame in container.decode(audio=0):
            rate_hz = frame.sample_rate
            if position < 0:
                at_s = float((frame.pts or 0) * (frame.time_base or 0)) - start_s if entered else 0.0
                first, position = round(offset_s * rate_hz), max(round(at_s * rate_hz), 0)
            block = codecs.mono(frame)
            end = first + round(duration_s * rate_hz) if duration_s is not None else position + len(block)
            blocks.append(block[max(first - position, 0) : max(end - position, 0)])
            position += len(block)
            if duration_s is not None and position >= end:
                break
    return (np.concatenate(blocks) if blocks else np.zeros(0, np.float32)), rate_hz
