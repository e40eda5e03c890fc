"""Simulates Opus transmission with packet loss, using the real encoder, decoder and concealment."""

from dataclasses import dataclass

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.audio.opus import FRAME_S, OPUS_RATES_HZ, PacketDecoder, PacketEncoder
from voicelab.conditions.loss import Channel

_OTHER_RATES_AS_HZ = 48_000


@dataclass(frozen=True, slots=True)
class ReceivedAudio:
    """The received audio. kbps: actual packet bitrate in kbit/s, lost packets included."""

    clip: Clip
    packets: int
    lost: int
    kbps: float


def through_opus(
    clip: Clip, bitrate: int, channel: Channel, chance: np.random.Generator, *, fec: bool = False
) -> ReceivedAudio:
    """Transmit a clip (within full scale) as 20 ms packets at `bitrate` bit/s, and conceal lost packets.

    The encoder uses libopus's "voip" application at a constant bitrate, so that the nominal rate is the transmitted
    rate. Concealment is libopus's own (RFC 6716, section 4.4). fec: in-band forward error correction (section 2.1.7),
    which recovers a lost packet if the next one arrives. The codec delay is removed; rate and length equal those of the
    clip.
    """
    rate_hz = clip.rate_hz if clip.rate_hz in OPUS_RATES_HZ else _OTHER_RATES_AS_HZ
    sent = clip.at_rate(rate_hz)
    expected = 100 * channel.loss_rate if fec else None
    encoder = PacketEncoder(rate_hz, bitrate, use="voip", fec_loss_percent=expected, constant=True)
    packets = encoder.feed(sent) + encoder.flush()
    lost = channel.lost(len(packets), chance)
    decoder, heard = PacketDecoder(rate_hz), []
    for index, packet in enumerate(packets):
        if not lost[index]:
            heard.append(decoder.feed(packet))
        elif fec and index + 1 < len(packets) and not lost[index + 1]:
            heard.append(decoder.recover(packets[index + 1]))
        else:
            heard.append(decoder.conceal())
    delay = encoder.lookahead_48k * rate_hz // 48_000
    samples = Clip.join(heard).samples[delay:] if heard else sent.samples
    arrived = Clip(samples[: len(sent.samples)], rate_hz).at_rate(clip.rate_hz).samples[: len(clip.samples)]
    kbps = sum(map(len, packets)) * 8 / (len(packets) * FRAME_S) / 1000 if packets else 0.0
    whole = Clip(np.pad(arrived, (0, len(clip.samples) - len(arrived))), clip.rate_hz)
    return ReceivedAudio(whole, len(packets), int(lost.sum()), kbps)
