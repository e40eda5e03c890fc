"""Opus and a network that loses its packets: encoded and decoded for real, gaps concealed by the decoder itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.audio.opus import FRAME_S, OPUS_RATES_HZ, PacketDecoder, PacketEncoder
from voicelab.conditions.loss import Channel

_OTHER_RATES_AS_HZ = 48_000


@dataclass(frozen=True, slots=True)
class Received:
    """What came out. kbps: what the packets really took, in kbit/s, lost ones included."""

    clip: Clip
    packets: int
    lost: int
    kbps: float


def through_opus(
    clip: Clip, bitrate: int, channel: Channel, chance: np.random.Generator, *, fec: bool = False
) -> Received:
    """A clip (within full scale) as it arrives: 20 ms packets at `bitrate` bit/s, those that are lost concealed.

    The encoder is tuned for calls (libopus "voip") and keeps its bitrate constant, so that the rate on the axis is the
    rate on the wire. Concealment is libopus's own (RFC 6716, section 4.4). fec: packets carry a coarse copy of the one
    before (in-band, section 2.1.7), from which a lost one is recovered where its successor arrived. The delay of the
    codec is taken off; rate and length are those of the clip.
    """
    rate_hz = clip.rate_hz if clip.rate_hz in OPUS_RATES_HZ else _OTHER_RATES_AS_HZ
    sent = clip.at_rate(rate_hz)
    expected = 100 * channel.loss_rate if fec else None
    encoder = PacketEncoder(rate_hz, bitrate, use="voip", fec_loss_percent=expected, constant=True)
    packets = encoder.feed(sent) + encoder.flush()
    lost = channel.lost(len(packets), chance)
    decoder, heard = PacketDecoder(rate_hz), []
    for place, packet in enumerate(packets):
        if not lost[place]:
            heard.append(decoder.feed(packet))
        elif fec and place + 1 < len(packets) and not lost[place + 1]:
            heard.append(decoder.recover(packets[place + 1]))
        else:
            heard.append(decoder.conceal())
    delay = encoder.lookahead_48k * rate_hz // 48_000
    samples = Clip.join(heard).samples[delay:] if heard else sent.samples
    arrived = Clip(samples[: len(sent.samples)], rate_hz).at_rate(clip.rate_hz).samples[: len(clip.samples)]
    kbps = sum(map(len, packets)) * 8 / (len(packets) * FRAME_S) / 1000 if packets else 0.0
    whole = Clip(np.pad(arrived, (0, len(clip.samples) - len(arrived))), clip.rate_hz)
    return Received(whole, len(packets), int(lost.sum()), kbps)
