"""Corrects demuxed PCM: lost bytes within samples, and samples whose bytes are in reverse order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import av
import numpy as np

from voicelab.audio.alignment import Realigner
from voicelab.audio.damage import Damage

if TYPE_CHECKING:
    Packet: TypeAlias = av.Packet[av.AudioStream]

_INTEGERS = {f"pcm_s{8 * size}{order}": (size, order == "be") for size in (2, 3, 4) for order in ("le", "be")}
"""Size of a sample in bytes, and whether the most significant byte is the first."""
_SAMPLE_BYTES = {name: size for name, (size, _) in _INTEGERS.items()} | {"pcm_f32le": 4, "pcm_f64le": 8}


def realigned(
    packets: Iterator[Packet],
    demuxed: av.container.InputContainer,
    codec: av.AudioCodecContext,
    damage: Damage,
    *,
    is_swapped: bool,
) -> Iterator[Packet]:
    """Yield the packets; integer PCM is realigned where bytes are missing.

    is_swapped: the bytes of each sample are in reverse order.
    """
    channels = codec.layout.nb_channels
    size, is_big_endian = _INTEGERS.get(codec.name, (0, False))
    # In Matroska, each packet begins with a whole sample.
    if not size or demuxed.format.name.startswith("matroska"):
        yield from packets
        return
    realigner, faults = Realigner(size, channels, big_endian=is_big_endian != is_swapped), 0
    for packet in packets:
        data = realigner.feed(bytes(packet)) if packet.size else realigner.finish()
        damage.lose((realigner.faults - faults) / codec.sample_rate)
        faults = realigner.faults
        if data:
            yield _with_data(packet, data)
        if not packet.size:
            yield packet


def swapped(packets: Iterator[Packet], codec: av.AudioCodecContext) -> Iterator[Packet]:
    """Yield the packets with the bytes of each sample in reverse order, if it has more than one."""
    size = _SAMPLE_BYTES.get(codec.name, 1)
    for packet in packets:
        if size == 1 or not packet.size:
            yield packet
        else:
            data = np.frombuffer(bytes(packet), np.uint8)
            whole = data[: len(data) // size * size].reshape(-1, size)
            yield _with_data(packet, whole[:, ::-1].tobytes())


def _with_data(packet: Packet, data: bytes) -> Packet:
    changed: Any = av.Packet(data)
    changed.stream, changed.time_base = packet.stream, packet.time_base
    found: Packet = changed
    return found
