"""Cuts segments out of recordings, by `offset` and `duration` as in NeMo manifests."""

import io
import wave
from pathlib import Path

from voicelab.audio import decoding, parts
from voicelab.audio.clip import Clip
from voicelab.audio.decoding import Decoded
from voicelab.errors import InputError

TOLERANCE_S = 0.1
"""Manifests round durations. A segment may exceed the recording's end by this many seconds, and is truncated there. A
duration without an offset that differs from the recording's by at most this much means the whole recording.
"""

ENCODING = "wav, pcm_s16le"
"""Encoding in which segments are sent."""


def cut(
    recording: bytes | Path, offset_s: float | None, duration_s: float | None, *, source: str
) -> tuple[bytes, float]:
    """Return the segment as a 16-bit mono WAV at the recording's rate, or the recording's own bytes if it is complete.

    Also returns the seconds of damaged audio up to the segment's end; 0 for a complete recording, which is not decoded.
    Decodes only the segment and a short lead-in if the format is seekable. Raises InputError, which names `source` and
    the field, for a segment outside the recording.
    """
    if is_whole(recording, offset_s, duration_s, source=source):
        return recording if isinstance(recording, bytes) else decoding.read_bytes(recording), 0.0
    found = _decoded(recording, offset_s or 0.0, duration_s, source)
    return encode(found.clip), found.undecoded_s


def is_whole(recording: bytes | Path, offset_s: float | None, duration_s: float | None, *, source: str) -> bool:
    """Whether offset_s is None and the duration is that of the recording."""
    if offset_s is not None:
        return False
    return duration_s is None or abs(parts.length_s(recording, source=source) - duration_s) <= TOLERANCE_S


def encode(clip: Clip) -> bytes:
    """Return a WAV file without metadata, so that equal audio has equal bytes."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(clip.rate_hz)
        file.writeframes(clip.to_pcm16())
    return sink.getvalue()


def _decoded(recording: bytes | Path, offset_s: float, duration_s: float | None, source: str) -> Decoded:
    if duration_s == 0:
        raise InputError(f"{source}: field 'duration' is 0; it must be positive")
    found = parts.cut(recording, offset_s, duration_s, source=source)
    clip = found.clip
    if not len(clip.samples):
        raise InputError(f"{source}: field 'offset': {offset_s:g} s is beyond the end of the recording")
    if duration_s is not None and clip.duration_s < duration_s - TOLERANCE_S:
        raise InputError(
            f"{source}: field 'duration': the segment of {duration_s:g} s from {offset_s:g} s passes the end of the "
            f"recording by {duration_s - clip.duration_s:.2f} s"
        )
    return found
