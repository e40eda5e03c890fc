"""A part of a recording: where it begins and how long it is, as `offset` and `duration` of a NeMo manifest say."""

from __future__ import annotations

import io
import wave
from pathlib import Path

from voicelab.audio import decoding, parts
from voicelab.audio.clip import Clip
from voicelab.errors import InputError

TOLERANCE_S = 0.1
"""Manifests round durations: a segment may pass the recording's end by this much, and is cut off there. A duration
without an offset that differs from the recording's by no more names the whole recording."""

ENCODING = "wav, pcm_s16le"
"""What a segment is sent as."""


def cut(recording: bytes | Path, offset_s: float | None, duration_s: float | None, *, source: str) -> bytes:
    """The segment as a 16-bit mono WAV at the recording's rate, or the recording's own bytes where it is all of it.

    Only the segment and what a decoder needs before it are decoded, if the format can be entered in the middle.
    Raises InputError that names `source` and the field when the segment is not within the recording.
    """
    if is_whole(recording, offset_s, duration_s, source=source):
        return recording if isinstance(recording, bytes) else decoding.read_bytes(recording)
    return encode(_decoded(recording, offset_s or 0.0, duration_s, source))


def is_whole(recording: bytes | Path, offset_s: float | None, duration_s: float | None, *, source: str) -> bool:
    """Whether there is no offset and the duration is that of the whole recording."""
    if offset_s is not None:
        return False
    return duration_s is None or abs(parts.length_s(recording, source=source) - duration_s) <= TOLERANCE_S


def encode(clip: Clip) -> bytes:
    """A WAV file that holds nothing but the sound, so that equal sound has equal bytes."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(clip.rate_hz)
        file.writeframes(clip.to_pcm16())
    return sink.getvalue()


def _decoded(recording: bytes | Path, offset_s: float, duration_s: float | None, source: str) -> Clip:
    if duration_s == 0:
        raise InputError(f"{source}: field 'duration' is 0; a segment needs a length")
    clip = parts.cut(recording, offset_s, duration_s, source=source)
    if not len(clip.samples):
        raise InputError(f"{source}: field 'offset': {offset_s:g} s is not before the end of the recording")
    if duration_s is not None and clip.duration_s < duration_s - TOLERANCE_S:
        raise InputError(
            f"{source}: field 'duration': the segment of {duration_s:g} s from {offset_s:g} s passes the end of the "
            f"recording by {duration_s - clip.duration_s:.2f} s"
        )
    return clip
