"""Decodes AMR frames (RFC 4867), the encoding of telephones.

OpenCORE's decoder is used, because FFmpeg's own fails in pauses, which telephones send as comfort noise and frames
without data (discontinuous transmission). Builds of FFmpeg may lack it.
"""

from __future__ import annotations

from typing import Any

import av
import av.error

_OPENCORE = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}
_FRAME_BYTES = {
    "amrnb": dict(enumerate((13, 14, 16, 18, 20, 21, 27, 32, 6))) | {15: 1},
    "amrwb": dict(enumerate((18, 24, 33, 37, 41, 47, 51, 59, 61, 6))) | {14: 1, 15: 1},
}
"""Length of a frame of each type, including the header; 14 and 15 are lost frames and frames without data."""
_RESERVED_BITS = 0x83


class AmrDecoder:
    """Decodes the packets of a stream."""

    def __init__(self, codec: av.AudioCodecContext) -> None:
        self._sizes = _FRAME_BYTES[codec.name]
        self._codec = codec
        try:
            decoder = av.CodecContext.create(_OPENCORE[codec.name], "r")
        except av.codec.codec.UnknownCodecError:
            return
        assert isinstance(decoder, av.AudioCodecContext)
        decoder.sample_rate, decoder.layout = codec.sample_rate, codec.layout
        self._codec = decoder

    def decode(self, packet: av.Packet[Any]) -> list[av.AudioFrame]:
        """Decode one packet. Raises FFmpegError for bytes that are no frame, which OpenCORE would decode as noise."""
        data = bytes(packet)
        if data and (data[0] & _RESERVED_BITS or len(data) < self._sizes.get(data[0] >> 3, len(data) + 1)):
            raise av.error.InvalidDataError(0, "not an AMR frame")
        return self._codec.decode(packet)


def is_amr(codec: av.AudioCodecContext) -> bool:
    """Whether the stream is AMR, narrowband or wideband."""
    return codec.name in _OPENCORE
