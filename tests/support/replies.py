"""Decodes the replies that clients receive."""

from collections.abc import Sequence

import numpy as np

from voicelab.audio import decoding, g711
from voicelab.audio.clip import Clip
from voicelab.audio.encoder import ReplyFormat, reply_rate_hz
from voicelab.audio.opus import PacketDecoder


def reply_clip(data: bytes, form: ReplyFormat = "opus", rate_hz: int | None = None) -> Clip:
    """Decode the joined bytes of a reply (except opus_packets, whose boundaries are lost by joining).

    rate_hz: the requested rate, for raw sample formats.
    """
    if form == "pcm16":
        return Clip.from_pcm16(data, rate_hz or reply_rate_hz(form))
    if form == "mulaw" or form == "alaw":
        return g711.decode(data, form, rate_hz or reply_rate_hz(form))
    return decoding.decode(data, source="the reply")


def decode_packets(packets: Sequence[bytes], rate_hz: int) -> Clip:
    """Decode packets in order."""
    decoder = PacketDecoder(rate_hz)
    clips = [decoder.feed(packet) for packet in packets]
    return Clip.join(clips) if clips else Clip(np.zeros(0, dtype=np.float32), rate_hz)
