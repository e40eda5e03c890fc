"""Raw Opus packets and Ogg Opus streams, through opuslib.

Opus: RFC 6716. Ogg pages: RFC 3533. Opus in Ogg: RFC 7845. Granule positions in Ogg Opus count 48 kHz samples at any
input rate.
"""

import ctypes
import ctypes.util
import os
import struct
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip
from voicelab.audio.downmix import Downmix
from voicelab.audio.ogg_pages import checksum
from voicelab.audio.pyav_libraries import bundled_library
from voicelab.errors import EngineMissingError, InputError

FRAME_S = 0.02
OPUS_RATES_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
_GRANULE_HZ = 48_000
_LONGEST_PACKET_S = 0.12
_FRAMES_PER_PAGE = 50
_STEREO_BIT = 0x04
"""In the first byte of a packet (RFC 6716, section 3.1)."""
_VENDOR = b"voicelab"
_SERIAL = 1


LIBOPUS_VARIABLE = "VOICELAB_LIBOPUS"
"""Environment variable that selects the library: "pyav", "system", or "auto" (PyAV's if present)."""

_SOURCES = ("pyav", "system")


def find_libopus() -> tuple[str, str]:
    """Return the path of the libopus to use and its origin, "pyav" or "system".

    PyAV's library comes first, so that results do not depend on the system. VOICELAB_LIBOPUS selects one of the two.
    Raises EngineMissingError when the library is missing, InputError for an unknown choice.
    """
    choice = os.environ.get(LIBOPUS_VARIABLE, "auto")
    if choice not in ("auto", *_SOURCES):
        raise InputError(f"{LIBOPUS_VARIABLE} is {choice!r}; choose one of: auto, {', '.join(_SOURCES)}")
    for source in _SOURCES if choice == "auto" else (choice,):
        path = bundled_library("libopus") if source == "pyav" else ctypes.util.find_library("opus")
        if path is not None:
            return path, source
    raise EngineMissingError(
        "opus",
        f"no libopus was found ({LIBOPUS_VARIABLE}={choice}); install PyAV's wheel (pip install av) or the system's "
        "library (Debian: apt install libopus0)",
    )


@cache
def load_opuslib() -> Any:
    """Return opuslib, bound to the library of `find_libopus`.

    Raises EngineMissingError when there is none. opuslib searches for its library during import, so the search is
    patched for this name and this import only.
    """
    path, _ = find_libopus()
    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: path if name == "opus" else search(name)
    try:
        # opuslib compares with literals, which Python reports when it compiles the module, and only then.
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
            import opuslib
            import opuslib.api.ctl
            import opuslib.api.encoder
            import opuslib.api.info
    finally:
        ctypes.util.find_library = search
    return opuslib


def libopus_version() -> str:
    """Return the version and origin of the library: "libopus 1.6.1 (pyav)"."""
    _, source = find_libopus()
    return f"{load_opuslib().api.info.get_version_string().decode()} ({source})"


@cache
def _opus_decode() -> Any:
    """Return libopus's opus_decode, called without releasing the GIL.

    A packet takes 20 µs. Waiting to reacquire the GIL from other threads would take longer.
    """
    api = load_opuslib().api
    decode = ctypes.PyDLL(api.libopus._name).opus_decode
    decode.argtypes, decode.restype = api.decoder.libopus_decode.argtypes, api.decoder.libopus_decode.restype
    return decode


class PacketEncoder:
    """Encodes a stream of clips as 20 ms Opus packets.

    rate_hz: one of OPUS_RATES_HZ. bitrate: in bit/s. use: libopus application. fec_loss_percent: add forward error
    correction for a network with this packet loss (None: no FEC). constant: constant bitrate; otherwise `bitrate` is a
    target, and speech takes less. complexity: 0 to 10; from 7 on, encoding takes three times as long as at 5, because
    libopus classifies speech and music.
    """

    def __init__(
        self,
        rate_hz: int,
        bitrate: int = 32_000,
        *,
        use: Literal["audio", "voip"] = "audio",
        fec_loss_percent: float | None = None,
        constant: bool = False,
        complexity: int = 9,
    ) -> None:
        if rate_hz not in OPUS_RATES_HZ:
            raise ValueError(f"Opus takes input at one of {OPUS_RATES_HZ} Hz, not {rate_hz}")
        opuslib = load_opuslib()
        self.rate_hz = rate_hz
        self.frame_samples = round(rate_hz * FRAME_S)
        self._encoder = opuslib.Encoder(rate_hz, 1, use)
        self._encoder.bitrate = bitrate
        self._encoder.complexity = complexity
        if constant:
            self._encoder.vbr = 0
        if fec_loss_percent is not None:
            control, settings = opuslib.api.encoder.encoder_ctl, opuslib.api.ctl
            # opuslib's property inband_fec does not pass its value on.
            control(self._encoder.encoder_state, settings.set_inband_fec, 1)
            control(self._encoder.encoder_state, settings.set_packet_loss_perc, min(100, round(fec_loss_percent)))
        self._rest = b""

    @property
    def lookahead_48k(self) -> int:
        """Number of 48 kHz samples that the decoder must drop at the start."""
        opuslib = load_opuslib()
        state, request = self._encoder.encoder_state, opuslib.api.ctl.get_lookahead
        samples = int(opuslib.api.encoder.encoder_ctl(state, request))
        return samples * _GRANULE_HZ // self.rate_hz

    def feed(self, clip: Clip) -> list[bytes]:
        """Return the complete packets; remaining samples are kept for the next call."""
        if clip.rate_hz != self.rate_hz:
            raise ValueError(f"this encoder takes {self.rate_hz} Hz, not {clip.rate_hz}")
        pcm = self._rest + clip.to_pcm16()
        size = 2 * self.frame_samples
        whole = len(pcm) - len(pcm) % size
        self._rest = pcm[whole:]
        return [self._encode(pcm[start : start + size]) for start in range(0, whole, size)]

    def flush(self) -> list[bytes]:
        """Return the last packets, padded with silence by the encoder's look-ahead so that no audio is cut off."""
        lookahead = self.lookahead_48k * self.rate_hz // _GRANULE_HZ
        size = 2 * self.frame_samples
        pcm = self._rest + bytes(2 * lookahead)
        pcm += bytes(-len(pcm) % size)
        self._rest = b""
        return [self._encode(pcm[start : start + size]) for start in range(0, len(pcm), size)]

    def _encode(self, pcm: bytes) -> bytes:
        return bytes(self._encoder.encode(pcm, self.frame_samples))


class PacketDecoder:
    """Decodes consecutive Opus packets to clips at rate_hz.

    The two channels of a packet are decoded separately and mixed by `Downmix`, because libopus's own mix of channels in
    opposite phase is silence.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._opuslib = load_opuslib()
        self._most = round(rate_hz * _LONGEST_PACKET_S)
        self._downmix = Downmix()
        self._open(1)

    def feed(self, packet: bytes) -> Clip:
        """Decode one packet. Raises InputError for an invalid one."""
        if not packet:
            raise InputError("an Opus packet has at least one byte; this one is empty")
        if self._channels == 1 and packet[0] & _STEREO_BIT:
            return self._feed_first_stereo(packet)
        state = self._decoder.decoder_state
        count = _opus_decode()(state, packet, len(packet), self._room, self._most, 0)
        if count < 0:
            raise InputError(f"not an Opus packet ({len(packet)} bytes)")
        return self._clip(self._pcm[: count * self._channels])

    def conceal(self) -> Clip:
        """Return 20 ms of packet loss concealment for a lost packet."""
        return self._lost(None, fec=False)

    def recover(self, following: bytes) -> Clip:
        """Return the 20 ms of a lost packet from the FEC data of the next one, or concealment without FEC data."""
        return self._lost(following, fec=True)

    def _open(self, channels: int) -> None:
        self._channels = channels
        self._decoder = self._opuslib.Decoder(self._rate_hz, channels)
        # opuslib's own decode allocates space for the longest packet and copies it twice per call. A server decodes
        # thousands of mostly short packets per second.
        self._pcm = np.zeros(channels * self._most, dtype="<i2")
        self._room = self._pcm.ctypes.data_as(self._opuslib.api.c_int16_pointer)

    def _feed_first_stereo(self, packet: bytes) -> Clip:
        """Decode the first packet with two channels; the decoder starts anew, and keeps to two channels."""
        before = self._decoder, self._pcm, self._room
        self._open(2)
        try:
            return self.feed(packet)
        except InputError:
            self._channels = 1
            self._decoder, self._pcm, self._room = before
            raise

    def _clip(self, pcm: NDArray[np.int16]) -> Clip:
        if self._channels == 1:
            return Clip.from_pcm16(pcm, self._rate_hz)
        samples = pcm.reshape(-1, self._channels).T.astype(np.float32) / np.float32(32_768)
        return Clip(self._downmix.mix(samples), self._rate_hz)

    def _lost(self, packet: bytes | None, *, fec: bool) -> Clip:
        # opuslib's Decoder.decode takes the length of a missing packet, which fails; the function below it does not.
        decode, size = self._opuslib.api.decoder.decode, round(self._rate_hz * FRAME_S)
        state = self._decoder.decoder_state
        pcm = decode(state, packet, len(packet or b""), size, fec, channels=self._channels)
        return self._clip(np.frombuffer(pcm, dtype="<i2"))


class OggOpusWriter:
    """Writes an Ogg Opus stream incrementally: the joined results of `feed` and `close` are one valid file."""

    def __init__(self, rate_hz: int, bitrate: int = 32_000, *, complexity: int = 9) -> None:
        self._packets = PacketEncoder(rate_hz, bitrate, complexity=complexity)
        self._sequence = 0
        self._samples_in = 0
        self._granule = 0
        self._started = False
        self._held: list[bytes] = []

    def feed(self, clip: Clip) -> bytes:
        """Return the pages that are ready after this clip; each ends where a decoder can continue playing."""
        self._samples_in += len(clip.samples)
        packets = self._held + self._packets.feed(clip)
        # One packet is held back, because the last page of the stream must contain one.
        self._held = packets[-1:]
        return self._head() + self._pages(packets[:-1])

    def close(self) -> bytes:
        """Return the last page, whose granule position trims the padding."""
        packets = self._held + self._packets.flush()
        self._held = []
        head = self._head()
        end = self._pre_skip + self._samples_in * _GRANULE_HZ // self._packets.rate_hz
        surplus = self._granule + self._frame_48k * len(packets) - end
        packets = packets[: len(packets) - surplus // self._frame_48k]
        body = self._pages(packets[:-_FRAMES_PER_PAGE]) if len(packets) > _FRAMES_PER_PAGE else b""
        return head + body + self._page(packets[-_FRAMES_PER_PAGE:], granule=end, last=True)

    @property
    def _frame_48k(self) -> int:
        return round(_GRANULE_HZ * FRAME_S)

    @property
    def _pre_skip(self) -> int:
        return self._packets.lookahead_48k

    def _head(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, self._pre_skip, self._packets.rate_hz, 0, 0)
        tags = b"OpusTags" + struct.pack("<I", len(_VENDOR)) + _VENDOR + struct.pack("<I", 0)
        return self._page([head], granule=0, first=True) + self._page([tags], granule=0)

    def _pages(self, packets: Sequence[bytes]) -> bytes:
        out = b""
        for start in range(0, len(packets), _FRAMES_PER_PAGE):
            page = packets[start : start + _FRAMES_PER_PAGE]
            self._granule += self._frame_48k * len(page)
            out += self._page(page, granule=self._granule)
        return out

    def _page(self, packets: Sequence[bytes], *, granule: int, first: bool = False, last: bool = False) -> bytes:
        lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
        flags = (2 if first else 0) | (4 if last else 0)
        fields = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, _SERIAL, self._sequence, 0)
        page = bytearray(fields + bytes([len(lacing)]) + lacing + b"".join(packets))
        page[22:26] = struct.pack("<I", checksum(bytes(page)))
        self._sequence += 1
        return bytes(page)


def encode_packets(clip: Clip) -> list[bytes]:
    """Encode a clip as 20 ms packets; resamples it to 16 kHz when Opus does not support its rate."""
    if clip.rate_hz not in OPUS_RATES_HZ:
        clip = clip.at_rate(16_000)
    encoder = PacketEncoder(clip.rate_hz)
    return encoder.feed(clip) + encoder.flush()


def encode_ogg(clip: Clip, bitrate: int = 32_000) -> bytes:
    """Encode a clip as an Ogg Opus file."""
    if clip.rate_hz not in OPUS_RATES_HZ:
        clip = clip.at_rate(16_000)
    writer = OggOpusWriter(clip.rate_hz, bitrate)
    return writer.feed(clip) + writer.close()
