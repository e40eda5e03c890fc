"""Headers of MPEG audio and ADTS frames, which identify MP3 and AAC streams without a container.

MPEG audio: ISO/IEC 11172-3 and 13818-3. ADTS: ISO/IEC 13818-7.
"""

from collections.abc import Callable

HEADER_BYTES = 7
"""Length of the longest header parsed here (ADTS)."""

_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBPS_1 = {
    3: (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBPS_2 = {
    3: (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    1: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def mpeg_frame_bytes(header: bytes) -> int | None:
    """Return the length of the MPEG audio frame that starts with these bytes (4 are enough), or None.

    The free format (bitrate index 0) is not supported, because its header does not state the frame length.
    """
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 0 or bitrate in (0, 15) or rate == 3:
        return None
    kbps, rate_hz = (_KBPS_1 if version == 3 else _KBPS_2)[layer][bitrate], _RATES_HZ[version][rate]
    padding = header[2] >> 1 & 1
    if layer == 3:
        return (12_000 * kbps // rate_hz + padding) * 4
    samples_per_byte = 72_000 if layer == 1 and version != 3 else 144_000
    return samples_per_byte * kbps // rate_hz + padding


def adts_frame_bytes(header: bytes) -> int | None:
    """Return the length of the ADTS frame that starts with these bytes (6 are enough), or None."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return None
    size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return size if size > HEADER_BYTES else None


def find_frames(data: bytes) -> tuple[str, int] | None:
    """Return the kind ("mp3" or "aac") and offset of the first of three consecutive frames, or None.

    Three in a row do not occur by chance; two are enough at the end of the data.
    """
    index = data.find(0xFF)
    while index >= 0:
        for name, size_of in (("mp3", mpeg_frame_bytes), ("aac", adts_frame_bytes)):
            if _run(data, index, size_of) >= 3:
                return name, index
        index = data.find(0xFF, index + 1)
    return None


def _run(data: bytes, index: int, size_of: Callable[[bytes], int | None]) -> int:
    """Return the number of consecutive frames from here, up to three; the end of the data counts as one."""
    count = 0
    while count < 3:
        if index + HEADER_BYTES > len(data):
            return count + 1 if count else 0
        size = size_of(data[index : index + HEADER_BYTES])
        if size is None:
            return count
        count, index = count + 1, index + size
    return count
