"""Decodes the incoming audio bytes of a turn; encoder.py is the counterpart for replies.

docs/reference/protocol.md defines the formats, which only these two modules implement.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol, get_args

from voicelab.audio import decoding, g711
from voicelab.audio.alignment import Realigner
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip, Resampler
from voicelab.audio.containers import (
    KNOWN,
    LEAST_ZEROS,
    Container,
    find,
    is_markup,
    is_short_text,
    is_text,
    lead_in_bytes,
    may_be_text,
    may_begin,
    recognize,
)
from voicelab.audio.opus import PacketDecoder
from voicelab.audio.streaming import StreamDecoder
from voicelab.audio.tags import SIGNS
from voicelab.errors import InputError, TurnTooLongError

Mode = Literal["burst", "realtime"]
"""How a recording is sent: in one chunk, or as 20 ms frames in real time."""

_SAMPLES = ("pcm16", "mulaw", "alaw")
"""Formats in which all byte values are valid audio, so that a few fixed bits do not identify a container."""

_SOURCE = "the audio of this turn"
_SEND = f"send {KNOWN}, one raw Opus packet per chunk, or pcm16, mulaw or alaw with its format and sample_rate"
# Twice the size of two channels of 32-bit samples at 48 kHz, the largest expected input; the rest allows for metadata.
_MOST_BYTES_PER_S = 768_000


class _Decoder(Protocol):
    """Converts bytes to audio at SPEECH_RATE_HZ incrementally."""

    def feed(self, data: bytes) -> Clip | None: ...

    def finish(self) -> Clip | None: ...


class IncomingAudio:
    """Converts the chunks of one turn to audio at SPEECH_RATE_HZ incrementally.

    longest_s: maximum duration of one turn; more audio, or more bytes than it could need, raise TurnTooLongError.
    endless: the audio is a stream instead of a turn, and longest_s limits the decoded audio of a container that waits
    to be taken. Call `finish` or `close` at the end.
    """

    def __init__(self, *, longest_s: float, endless: bool = False) -> None:
        self._longest_s = longest_s
        self._endless = endless
        self._bytes_left = longest_s * _MOST_BYTES_PER_S
        self._waiting: list[bytes] = []
        self._lead_in = 0
        self._is_tagged = False
        self._form, self._sample_rate_hz = "opus", SPEECH_RATE_HZ
        self._received = 0
        self._decoder: _Decoder | None = None
        self.duration_s = 0.0

    def feed(self, data: bytes, form: str = "opus", sample_rate_hz: int = SPEECH_RATE_HZ) -> Clip | None:
        """Decode one chunk and return the audio that is ready, if any.

        form: opus, pcm16, mulaw or alaw, for bytes that are not a container; with another name they must be one. Raises
        InputError for invalid bytes.
        """
        self._received += len(data)
        if not self._endless and self._received > self._bytes_left:
            raise TurnTooLongError(f"this turn has more bytes than {self._longest_s:g} s of audio can need")
        if self._decoder is not None:
            return self._count(self._decoder.feed(data))
        self._waiting.append(data)
        return self._begin(form, sample_rate_hz)

    def add(self, clip: Clip) -> Clip:
        """Count audio that was decoded elsewhere."""
        self._count(clip)
        return clip

    def finish(self) -> Clip | None:
        """Return the remaining audio, if any. Raises InputError when a container cannot be decoded."""
        if self._decoder is not None:
            return self._count(self._decoder.finish())
        chunks, self._waiting = self._waiting, []
        if not self._received:
            return None
        if chunks and chunks[0].startswith(bytes(LEAST_ZEROS)) and self._form not in _SAMPLES:
            chunks = [rest] if (rest := b"".join(chunks).lstrip(b"\0")) else []
        if not chunks or may_begin(b"".join(chunks)):
            raise InputError(f"the audio of this turn ends after {self._received} bytes")
        if self._form not in _SAMPLES and is_short_text(b"".join(chunks)):
            raise decoding.unknown(b"".join(chunks), _SOURCE)
        return self._count(self._read_raw(chunks, self._form, self._sample_rate_hz))

    @property
    def is_container(self) -> bool:
        """Whether `finish` may have to wait for a decoder."""
        return isinstance(self._decoder, StreamDecoder)

    @property
    def undecoded_s(self) -> float:
        """Seconds of damaged audio that could not be decoded; complete after `finish`."""
        return getattr(self._decoder, "undecoded_s", 0.0)

    def close(self) -> None:
        """Release the container's decoder."""
        if isinstance(self._decoder, StreamDecoder):
            self._decoder.close()

    def _begin(self, form: str, sample_rate_hz: int) -> Clip | None:
        """Detect the format from the first bytes; return None when more are needed."""
        self._form, self._sample_rate_hz = form, sample_rate_hz
        if not self._is_past_lead_in(zeros=form not in _SAMPLES):
            return None
        head = b"".join(self._waiting)
        # A few fixed bits, which also occur in PCM.
        may_be_bare = form not in _SAMPLES or self._is_tagged
        container = recognize(head, bare_frames=may_be_bare)
        is_open = may_begin(head, bare_frames=may_be_bare) or (form not in _SAMPLES and may_be_text(head))
        if container is None and is_open:
            return None
        chunks, self._waiting = self._waiting, []
        if container is not None:
            return self._count(self._decode(container, head))
        return self._count(self._read_raw(chunks, form, sample_rate_hz))

    def _is_past_lead_in(self, *, zeros: bool) -> bool:
        """Skip tags and zeros before the audio; return whether all are skipped. Long tags are not buffered."""
        head = b"".join(self._waiting)
        skipped = min(len(head), self._lead_in)
        lead_in = skipped + lead_in_bytes(head[skipped:], zeros=zeros)
        self._is_tagged = self._is_tagged or head[skipped:].startswith(SIGNS)
        if not lead_in:
            return True
        self._lead_in -= skipped
        if lead_in >= len(head):
            self._lead_in = max(self._lead_in, lead_in - len(head))
        rest = head[lead_in:]
        if zeros and len(rest) < LEAST_ZEROS and head[:lead_in].endswith(bytes(LEAST_ZEROS)):
            # More of them may come, and the last of them may belong to an MP4.
            self._waiting, self._lead_in = [bytes(LEAST_ZEROS) + rest], 0
            return False
        self._waiting = [rest] if rest else []
        return bool(rest)

    def _read_raw(self, chunks: list[bytes], form: str, sample_rate_hz: int) -> Clip | None:
        """Decode bytes that start no container. If they are not Opus either, a container may still follow."""
        head = b"".join(chunks)
        # In A-law, silence is a sequence of the letter U.
        if is_markup(head) if form in get_args(g711.Law) else is_text(head):
            raise decoding.unknown(head, _SOURCE)
        if form not in _RAW:
            return self._decode(*_behind_junk(head, form))
        decoder = _RAW[form](sample_rate_hz)
        try:
            clips = [clip for chunk in chunks if (clip := decoder.feed(chunk)) is not None]
        except InputError:
            return self._decode(*_behind_junk(head))
        self._decoder = decoder
        return Clip.join(clips) if clips else None

    def _decode(self, container: Container, data: bytes) -> Clip | None:
        self._decoder = decoder = StreamDecoder(container, _SOURCE, longest_s=self._longest_s, endless=self._endless)
        return decoder.feed(data)

    def _count(self, clip: Clip | None) -> Clip | None:
        self.duration_s += clip.duration_s if clip is not None else 0.0
        if self.duration_s > self._longest_s and not self._endless:
            raise TurnTooLongError(f"this turn exceeds the maximum of {self._longest_s:g} s of audio")
        return clip


def _behind_junk(head: bytes, form: str = "opus") -> tuple[Container, bytes]:
    """Return the container inside these bytes and its data. Raises InputError when there is none."""
    found = find(head)
    if found is not None:
        return found[0], head[found[1] :]
    if form not in _RAW:
        known = ", ".join(_RAW)
        raise InputError(f"format {form[:40]!r} is unknown and the audio is not a container; known formats: {known}")
    raise InputError(f"{_SOURCE}: neither a known container nor an Opus packet ({len(head)} bytes); {_SEND}")


class _PacketReader:
    """Reads one raw Opus packet per chunk."""

    def __init__(self, rate_hz: int) -> None:
        self._decoder = PacketDecoder(SPEECH_RATE_HZ)

    def feed(self, data: bytes) -> Clip:
        try:
            return self._decoder.feed(data)
        except InputError as error:
            raise InputError(f"{_SOURCE}: {error}; {_SEND}") from error

    def finish(self) -> None:
        return None


class _PcmReader:
    """Reads PCM that may be split inside a sample.

    undecoded_s: a sample for each place at which bytes were missing.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
        self._realigner = Realigner(2, 1)
        self._received = 0

    def feed(self, data: bytes) -> Clip:
        self._received += len(data)
        return self._resampler.feed(Clip.from_pcm16(self._realigner.feed(data), self._rate_hz))

    def finish(self) -> Clip:
        last = self._realigner.finish()
        if self._received % 2 and not self._realigner.faults:
            raise InputError("pcm16 audio has an odd number of bytes; send whole samples")
        return self._resampler.feed(Clip.from_pcm16(last, self._rate_hz), last=True)

    @property
    def undecoded_s(self) -> float:
        return self._realigner.faults / self._rate_hz


class _G711Reader:
    """Reads G.711, one byte per sample."""

    def __init__(self, law: g711.Law, rate_hz: int) -> None:
        self._law = law
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, SPEECH_RATE_HZ)

    def feed(self, data: bytes) -> Clip:
        return self._resampler.feed(g711.decode(data, self._law, self._rate_hz))

    def finish(self) -> Clip:
        return self._resampler.feed(g711.decode(b"", self._law, self._rate_hz), last=True)


_RAW: dict[str, Callable[[int], _Decoder]] = {
    "opus": _PacketReader,
    "pcm16": _PcmReader,
    "mulaw": partial(_G711Reader, "mulaw"),
    "alaw": partial(_G711Reader, "alaw"),
}
"""Reader of each format of bytes that are not a container, created with the chunk's sample rate."""


def default_rate_hz(form: str) -> int:
    """Return the default rate of raw samples, in Hz."""
    return g711.RATE_HZ if form in get_args(g711.Law) else SPEECH_RATE_HZ
