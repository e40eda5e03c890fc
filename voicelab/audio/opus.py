"""Raw Opus packets and the Ogg Opus stream, through opuslib.

Opus: RFC 6716. Ogg pages: RFC 3533. Opus in Ogg: RFC 7845. Instants inside Ogg Opus count 48 kHz samples, whatever
the rate of the input.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.errors import EngineMissingError, InputError

FRAME_S = 0.02
OPUS_RATES_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
_GRANULE_HZ = 48_000
_LONGEST_PACKET_S = 0.12
_FRAMES_PER_PAGE = 50
_VENDOR = b"voicelab"
_SERIAL = 1


LIBOPUS_VARIABLE = "VOICELAB_LIBOPUS"
"""Environment variable that chooses the library: "pyav", "system", or "auto" (PyAV's if there is one)."""

_SOURCES = ("pyav", "system")


def bundled_libopus() -> str | None:
    """The libopus that PyAV's wheel carries, or None."""
    import av

    found = sorted((Path(av.__file__).parent.parent / "av.libs").glob("libopus*.so*"))
    return str(found[0]) if found else None


def find_libopus() -> tuple[str, str]:
    """The path of the libopus to use, and where it comes from: "pyav" or "system".

    PyAV's comes first, so that results do not depend on what else a machine has installed. VOICELAB_LIBOPUS chooses
    one of the two. Raises EngineMissingError when the library is missing, InputError for any other choice.
    """
    choice = os.environ.get(LIBOPUS_VARIABLE, "auto")
    if choice not in ("auto", *_SOURCES):
        raise InputError(f"{LIBOPUS_VARIABLE} is {choice!r}; it may be: auto, {', '.join(_SOURCES)}")
    for source in _SOURCES if choice == "auto" else (choice,):
        path = bundled_libopus() if source == "pyav" else ctypes.util.find_library("opus")
        if path is not None:
            return path, source
    raise EngineMissingError(
        "opus",
        f"no libopus was found ({LIBOPUS_VARIABLE}={choice}); install PyAV's wheel (pip install av) or the system's "
        "library (Debian: apt install libopus0)",
    )


@cache
def load_opuslib() -> Any:
    """opuslib, bound to the library that `find_libopus` finds.

    Raises EngineMissingError when there is none. opuslib looks its library up while it is imported, so the search is
    answered for that one name during that one import.
    """
    path, _ = find_libopus()
    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: path if name == "opus" else search(name)
    try:
        import opuslib
        import opuslib.api.ctl
        import opuslib.api.encoder
        import opuslib.api.info
    finally:
        ctypes.util.find_library = search
    return opuslib


def libopus_version() -> str:
    """The library in use and where it comes from: "libopus 1.6.1 (pyav)"."""
    _, source = find_libopus()
    return f"{load_opuslib().api.info.get_version_string().decode()} ({source})"


@cache
def _opus_decode() -> Any:
    """libopus's opus_decode, called with the interpreter's lock held.

    A packet takes 20 µs: giving the lock away for that, to threads that are slow to give it back, costs more.
    """
    api = load_opuslib().api
    decode = ctypes.PyDLL(api.libopus._name).opus_decode
    decode.argtypes, decode.restype = api.decoder.libopus_decode.argtypes, api.decoder.libopus_decode.restype
    return decode


class PacketEncoder:
    """Cuts a stream of clips into 20 ms Opus packets.

    rate_hz must be one of OPUS_RATES_HZ; bitrate is in bit/s. use: what libopus is to tune for. fec_loss_percent: put
    a coarse copy of each packet into the next, for a network that loses so many (None: no copies). constant: every
    packet is of one size; else `bitrate` is what libopus aims at, and speech takes less. complexity: 0 to 10, how hard
    it tries; from 7 on it takes three times as long as at 5, for it listens whether this is speech or music.
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
            # opuslib's own property inband_fec leaves its value out.
            control(self._encoder.encoder_state, settings.set_inband_fec, 1)
            control(self._encoder.encoder_state, settings.set_packet_loss_perc, min(100, round(fec_loss_percent)))
        self._rest = b""

    @property
    def lookahead_48k(self) -> int:
        """How many 48 kHz samples the decoder must drop at the start."""
        opuslib = load_opuslib()
        state, request = self._encoder.encoder_state, opuslib.api.ctl.get_lookahead
        samples = int(opuslib.api.encoder.encoder_ctl(state, request))
        return samples * _GRANULE_HZ // self.rate_hz

    def feed(self, clip: Clip) -> list[bytes]:
        """The packets that are full; what is left over waits for more."""
        if clip.rate_hz != self.rate_hz:
            raise ValueError(f"this encoder takes {self.rate_hz} Hz, not {clip.rate_hz}")
        pcm = self._rest + clip.to_pcm16()
        size = 2 * self.frame_samples
        whole = len(pcm) - len(pcm) % size
        self._rest = pcm[whole:]
        return [self._encode(pcm[start : start + size]) for start in range(0, whole, size)]

    def flush(self) -> list[bytes]:
        """The rest, padded with silence by the encoder's look-ahead so that no sound is cut off."""
        lookahead = self.lookahead_48k * self.rate_hz // _GRANULE_HZ
        size = 2 * self.frame_samples
        pcm = self._rest + bytes(2 * lookahead)
        pcm += bytes(-len(pcm) % size)
        self._rest = b""
        return [self._encode(pcm[start : start + size]) for start in range(0, len(pcm), size)]

    def _encode(self, pcm: bytes) -> bytes:
        return bytes(self._encoder.encode(pcm, self.frame_samples))


class PacketDecoder:
    """Turns Opus packets, one after another, into clips at rate_hz."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._opuslib = load_opuslib()
        self._decoder = self._opuslib.Decoder(rate_hz, 1)
        self._most = round(rate_hz * _LONGEST_PACKET_S)
        # opuslib's own decode makes room for the longest packet, and copies it twice, each time; a server decodes
        # thousands a second, nearly all of them short.
        self._pcm = np.zeros(self._most, dtype="<i2")
        self._room = self._pcm.ctypes.data_as(self._opuslib.api.c_int16_pointer)

    def feed(self, packet: bytes) -> Clip:
        """The sound of one packet; InputError when it is not one."""
        if not packet:
            raise InputError("an Opus packet has at least one byte; this one is empty")
        state = self._decoder.decoder_state
        count = _opus_decode()(state, packet, len(packet), self._room, self._most, 0)
        if count < 0:
            raise InputError(f"not an Opus packet ({len(packet)} bytes)")
        return Clip.from_pcm16(self._pcm[:count], self._rate_hz)

    def conceal(self) -> Clip:
        """The 20 ms of a packet that never came, as the decoder continues what it heard."""
        return self._lost(None, fec=False)

    def recover(self, following: bytes) -> Clip:
        """The 20 ms of a packet that never came, from the copy in the one after it; concealed where there is none."""
        return self._lost(following, fec=True)

    def _lost(self, packet: bytes | None, *, fec: bool) -> Clip:
        # opuslib's Decoder.decode asks a missing packet for its length; the function under it takes none.
        decode, size = self._opuslib.api.decoder.decode, round(self._rate_hz * FRAME_S)
        pcm = decode(self._decoder.decoder_state, packet, len(packet or b""), size, fec, channels=1)
        return Clip.from_pcm16(pcm, self._rate_hz)


class OggOpusWriter:
    """Writes an Ogg Opus stream piece by piece: all that `feed` and `close` return, joined, is one valid file."""

    def __init__(self, rate_hz: int, bitrate: int = 32_000, *, complexity: int = 9) -> None:
        self._packets = PacketEncoder(rate_hz, bitrate, complexity=complexity)
        self._sequence = 0
        self._samples_in = 0
        self._granule = 0
        self._started = False
        self._held: list[bytes] = []

    def feed(self, clip: Clip) -> bytes:
        """The pages that are ready after this clip; they end where a decoder can play on."""
        self._samples_in += len(clip.samples)
        packets = self._held + self._packets.feed(clip)
        # One packet stays back, because the last page of the stream must hold one.
        self._held = packets[-1:]
        return self._head() + self._pages(packets[:-1])

    def close(self) -> bytes:
        """The last page, whose position cuts the padding off again."""
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
        page[22:26] = struct.pack("<I", _ogg_crc(bytes(page)))
        self._sequence += 1
        return bytes(page)


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL_ONES = 0xFFFFFFFF


def _ogg_crc(data: bytes) -> int:
    """CRC-32 with polynomial 04C11DB7, start 0, not reflected (RFC 3533, section 6).

    zlib's has the same polynomial, but works on mirrored bits and starts and ends with all of them turned: undoing that
    on both sides costs less than going through the bytes here.
    """
    mirrored = zlib.crc32(data.translate(_MIRRORED), _ALL_ONES) ^ _ALL_ONES
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def encode_packets(clip: Clip, bitrate: int = 32_000) -> list[bytes]:
    """All of a clip as 20 ms packets; the clip is brought to 16 kHz when Opus does not take its rate."""
    if clip.rate_hz not in OPUS_RATES_HZ:
        clip = clip.at_rate(16_000)
    encoder = PacketEncoder(clip.rate_hz, bitrate)
    return encoder.feed(clip) + encoder.flush()


def encode_ogg(clip: Clip, bitrate: int = 32_000) -> bytes:
    """All of a clip as one Ogg Opus file."""
    if clip.rate_hz not in OPUS_RATES_HZ:
        clip = clip.at_rate(16_000)
    writer = OggOpusWriter(clip.rate_hz, bitrate)
    return writer.feed(clip) + writer.close()


def decode_packets(packets: Sequence[bytes], rate_hz: int) -> Clip:
    """The sound of packets in order."""
    decoder = PacketDecoder(rate_hz)
    clips = [decoder.feed(packet) for packet in packets]
    return Clip.join(clips) if clips else Clip(np.zeros(0, dtype=np.float32), rate_hz)
