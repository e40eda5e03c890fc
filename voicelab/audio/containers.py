"""Supported containers and their detection from the first bytes.

FFmpeg's own format detection is never used, because it includes playlists and session descriptions, which open files
and network ports.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from voicelab.audio.frames import HEADER_BYTES, adts_frame_bytes, find_frames, mpeg_frame_bytes
from voicelab.audio.tags import SIGNS, tag_bytes

HEAD_BYTES = 16
"""Number of bytes that identifies every container."""
MOST_LEAD_IN_BYTES = 64 * 1024
"""Maximum offset at which the first MP3 or AAC frame is searched for."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container and its FFmpeg demuxer.

    options: demuxer options. seeks: the demuxer needs to seek backwards. media_type: for HTTP.
    """

    name: str
    demuxer: str
    media_type: str
    options: Mapping[str, str] = field(default_factory=dict)
    seeks: bool = False


# Otherwise the demuxer buffers seconds of audio to guess the codec.
_PCM_OPTIONS = {"probesize": "2048", "analyzeduration": "1"}
_MP4_OPTIONS = {
    # Without an index of all fragments, which would require the whole file; playback begins with the first fragment.
    "fflags": "+ignidx",
    "enable_drefs": "0",
    "use_absolute_path": "0",
}

CONTAINERS = {
    one.name: one
    for one in (
        Container("wav", "wav", "audio/wav", _PCM_OPTIONS),
        Container("w64", "w64", "audio/x-w64", _PCM_OPTIONS),
        Container("flac", "flac", "audio/flac"),
        Container("ogg", "ogg", "audio/ogg"),
        Container("webm", "matroska", "audio/webm"),
        Container("mp3", "mp3", "audio/mpeg"),
        Container("aac", "aac", "audio/aac"),
        Container("mp4", "mov", "audio/mp4", _MP4_OPTIONS, seeks=True),
        Container("amr", "amr", "audio/amr"),
        Container("aiff", "aiff", "audio/aiff", _PCM_OPTIONS, seeks=True),
        Container("au", "au", "audio/basic", _PCM_OPTIONS),
        Container("caf", "caf", "audio/x-caf", seeks=True),
    )
}
KNOWN = "WAV, FLAC, Ogg, WebM/Matroska, MP3, MP4/M4A, AAC, AMR, AIFF, AU, CAF"

DECODERS = frozenset(
    {
        "aac", "ac3", "alac", "amrnb", "amrwb", "eac3", "flac", "libopencore_amrnb", "libopencore_amrwb", "libopus",
        "libvorbis", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "opus", "speex", "vorbis",
        "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "adpcm_g726", "adpcm_g726le", "adpcm_yamaha", "g722", "g726",
        "g726le", "gsm", "gsm_ms",
        "pcm_alaw", "pcm_f32be", "pcm_f32le", "pcm_f64be", "pcm_f64le", "pcm_mulaw", "pcm_s16be", "pcm_s16le",
        "pcm_s24be", "pcm_s24le", "pcm_s32be", "pcm_s32le", "pcm_s8", "pcm_u8", "pcm_u16be", "pcm_u16le",
    }
)  # fmt: skip
"""FFmpeg's permitted audio decoders; pictures and video in a container are never decoded."""

LEAST_ZEROS = 8
"""Fewer zeros may belong to the size of an MP4's first box."""
_W64_GUID = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_MP4_BOXES = (b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof")


_SIGNS: tuple[tuple[str, tuple[bytes, ...], tuple[bytes, ...]], ...] = (
    ("wav", (b"RIFF", b"RIFX", b"RF64", b"BW64"), (b"WAVE",)),
    ("w64", (_W64_GUID,), ()),
    ("flac", (b"fLaC",), ()),
    ("ogg", (b"OggS",), ()),
    ("webm", (b"\x1a\x45\xdf\xa3",), ()),
    ("aiff", (b"FORM",), (b"AIFF", b"AIFC")),
    ("au", (b".snd",), ()),
    ("caf", (b"caff",), ()),
    ("amr", (b"#!AMR\n", b"#!AMR-WB\n"), ()),
)
"""First bytes of each container, and for those that also hold other contents, the types at byte 8 that are audio."""
_BEGINNINGS = (*(start for _, starts, _ in _SIGNS for start in starts), b"#!AMR", *SIGNS)


def _is_mp4(head: bytes) -> bool:
    # Size of the first box: 1 means that a 64-bit size follows, 0 means "to the end".
    size = int.from_bytes(head[:4], "big")
    return head[4:8] in _MP4_BOXES and (size in (0, 1) or size >= 8)


def recognize(head: bytes, *, bare_frames: bool = True) -> Container | None:
    """Return the container that starts with these bytes (HEAD_BYTES are enough), or None.

    bare_frames: accept an MP3 or AAC frame without a preceding tag; its few fixed bits may also occur in PCM. The
    caller must first remove leading tags and zeros (`lead_in_bytes`).
    """
    for name, starts, kinds in _SIGNS:
        if head.startswith(starts) and (not kinds or head[8:12] in kinds):
            return CONTAINERS[name]
    if _is_mp4(head):
        return CONTAINERS["mp4"]
    if bare_frames and adts_frame_bytes(head):
        return CONTAINERS["aac"]
    return CONTAINERS["mp3"] if bare_frames and mpeg_frame_bytes(head) else None


def may_begin(head: bytes, *, bare_frames: bool = True) -> bool:
    """Whether a container may start here, but more bytes are needed to identify it."""
    if len(head) >= HEAD_BYTES or recognize(head, bare_frames=bare_frames) is not None:
        return False
    fixed = any(sign.startswith(head[: len(sign)]) for sign in _BEGINNINGS)
    box = len(head) < 8 and head[:1] == b"\0" and any(kind.startswith(head[4:8]) for kind in _MP4_BOXES)
    # These two bytes never start a valid Opus packet: it would last longer than 120 ms.
    frame = bare_frames and head[:1] == b"\xff" and (len(head) < 2 or head[1] >= 0xE0)
    zeros = bare_frames and len(head) < LEAST_ZEROS and not head.strip(b"\0")
    return fixed or box or zeros or (frame and len(head) < HEADER_BYTES)


def lead_in_bytes(head: bytes, *, zeros: bool = True) -> int:
    """Return the number of bytes of tags and zeros before the audio; exceeds len(head) when a tag continues.

    zeros: whether to skip zeros; in PCM they are silence.
    """
    index = 0
    while index < len(head):
        step = tag_bytes(head[index : index + HEAD_BYTES])
        if not step and zeros:
            count = len(head) - index - len(head[index:].lstrip(b"\0"))
            step = count - _box_zeros(head, index + count) if count >= LEAST_ZEROS else 0
        if not step:
            return index
        index += step
    return index


def _box_zeros(head: bytes, end: int) -> int:
    """Return the number of zeros before this position that belong to the size of an MP4's first box."""
    return next((count for count in (3, 2, 1) if head[end + 4 - count : end + 8 - count] in _MP4_BOXES), 0)


def find(data: bytes) -> tuple[Container, int] | None:
    """Return the container in a complete file and its offset after tags, zeros and other junk, or None."""
    start = lead_in_bytes(data)
    # As in a stream, a single frame at the start suffices; elsewhere it would be found by chance.
    found = recognize(data[start : start + HEAD_BYTES])
    if found is not None:
        return found, start
    frames = find_frames(data[start : start + MOST_LEAD_IN_BYTES])
    return (CONTAINERS[frames[0]], start + frames[1]) if frames is not None else None


_TEXT_STARTS = re.compile(
    rb'\s*(<!doctype|<html|<\?xml|<head|<body|<svg|<smil|<mpd|#extm3u|ffconcat|;ffmetadata|\[playlist\]|http/1|v=0\s|\{\s*["}]|\[\s*[{"\]])',
    re.IGNORECASE,
)
_TEXT_BYTES = 24


def is_text(head: bytes) -> bool:
    """Whether these bytes are text, such as a web page, JSON or a playlist.

    The chance that an Opus packet starts with 24 printable characters is one in 10**10, and PCM is never that loud.
    """
    if is_markup(head):
        return True
    head = head[:512].removeprefix(b"\xef\xbb\xbf")
    return len(head) >= _TEXT_BYTES and _is_printable(head)


def is_markup(head: bytes) -> bool:
    """Whether these bytes start like a web page, JSON or a playlist."""
    return _TEXT_STARTS.match(head[:512].removeprefix(b"\xef\xbb\xbf")) is not None


def may_be_text(head: bytes) -> bool:
    """Whether more bytes are needed to recognize text."""
    return len(head) < _TEXT_BYTES and _is_printable(head)


def is_short_text(whole: bytes) -> bool:
    """Whether a turn that is too short for `is_text` is text.

    Opus packets may consist of printable characters only, but so few bytes hold a few packets at most, so refusing them
    loses no speech. A single byte is a packet of silence (DTX).
    """
    return 1 < len(whole) < _TEXT_BYTES and _is_printable(whole)


def _is_printable(head: bytes) -> bool:
    return all(32 <= byte < 127 or byte in (9, 10, 13) for byte in head)
