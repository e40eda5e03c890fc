"""Well-formed inputs of every kind, which the fuzz run mutates."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from tests.abuse.frames import frame
from tests.support import instructions
from tests.support.sounds import SOUNDS
from voicelab.audio import g711
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import encode_ogg, encode_packets, load_opuslib
from voicelab.datasets import load
from voicelab.paths import shipped

_SPEECH_S = 0.4
_MOST_PACKETS = 24
_PARTS = 6
_PORT = 18_690
"""Named by playlists. Nothing listens there."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A part of a conversation: messages in order.

    audio: the chunks of a spoken turn, with their format. borders: whether chunk boundaries
    mean something, as those of Opus packets do.
    """

    name: str
    messages: tuple[dict[str, Any], ...]
    audio: tuple[bytes, ...] = ()
    form: str = "opus"
    rate_hz: int = SPEECH_RATE_HZ
    borders: bool = False


def message(event: str, **data: Any) -> dict[str, Any]:
    """A client event."""
    return {"event": event, "data": data}


def chunks(audio: Sequence[bytes], form: str = "opus", rate_hz: int = SPEECH_RATE_HZ) -> list[dict[str, Any]]:
    """The messages of a spoken turn; the last one is final."""
    return [
        message(
            "audio_chunk", audio_chunk=base64.b64encode(data).decode(), format=form, sample_rate=rate_hz,
            is_final=number == len(audio),
        )
        for number, data in enumerate(audio, start=1)
    ]  # fmt: skip


def payload(event: dict[str, Any]) -> bytes:
    """A message's bytes in a text frame; lone surrogates are escaped."""
    return json.dumps(event).encode()


def texts(messages: Sequence[dict[str, Any]]) -> bytes:
    """The frames of messages."""
    return b"".join(frame(payload(one)) for one in messages)


def pieces(data: bytes, chance: Random, most: int) -> list[bytes]:
    """Split at random positions into at most this many pieces, possibly empty."""
    borders = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(most)))
    return [data[start:end] for start, end in zip([0, *borders], [*borders, len(data)], strict=True)]


def make_seeds() -> list[Seed]:
    """Return all inputs, which are equal in every run with the same libraries. The speech is from the shipped set."""
    speech = _speech()
    return [*_inits(), *_small(), *(_turn(*made) for made in _turns(speech))]


def _speech() -> Clip:
    spoken = load(shipped("voice_samples")).sample("watchlist_add_meta").clip().at_rate(48_000)
    start_s = spoken.sound_start_s() or 0.0
    return spoken.between(start_s, start_s + _SPEECH_S)


def _inits() -> Iterator[Seed]:
    every = ["turn_metrics", "partial_transcription", "speech_started", "speech_stopped", "no_speech_detected"]
    asked: dict[str, dict[str, Any]] = {
        "plain": {},
        "user": {"user_id": "ada", "session_id": None},
        "unknown session": {"session_id": "0b6c2f2e-0000-4000-8000-000000000000"},
        "realtime": {"mode": "realtime", "events": every, "turn_ids": True},
        "continuous": {"mode": "continuous", "events": every},
        "paced packets": {"paced": True, "audio_format": "opus_packets"},
        "wav": {"audio_format": "wav", "turn_ids": True},
        "pcm16": {"audio_format": "pcm16", "events": ["turn_metrics"]},
        "telephone": {"audio_format": "mulaw", "sample_rate": 8000},
    }
    for name, data in asked.items():
        yield Seed(f"init {name}", (message("init", **data),))


def _small() -> Iterator[Seed]:
    yield Seed("text", (message("text", text="what is the price of apple"),))
    yield Seed("text twice", (message("text", text="one. two. three."), message("text", text="你好, Zoë 😀")))
    yield Seed("interrupt", (message("interrupt"),))
    yield Seed("interrupt of a turn", (message("interrupt", turn_id="0123456789abcdef"),))
    yield Seed("text and interrupt", (message("text", text="go on. and on."), message("interrupt")))
    yield Seed("heartbeat", (message("heartbeat"),))
    yield Seed("end", tuple(chunks([b""])))
    tone = (np.sin(np.arange(320) * 0.17) * 9_000).astype("<i2").tobytes()
    for name, part, times in (("tiny start", tone, 1), ("sound without speech", bytes(3_200), 12)):
        made = [one for _ in range(times) for one in chunks([part, b""], "pcm16")[:1]]
        yield Seed(name, tuple(made))


def _turn(name: str, audio: Sequence[bytes], form: str, rate_hz: int, borders: bool) -> Seed:
    return Seed(name, tuple(chunks(audio, form, rate_hz)), tuple(audio), form, rate_hz, borders)


_Made = tuple[str, Sequence[bytes], str, int, bool]


def _turns(speech: Clip) -> Iterator[_Made]:
    for rate_hz, channels, frame_ms in [
        (48_000, 1, 2.5), (48_000, 1, 5), (8_000, 1, 10), (16_000, 1, 20), (24_000, 2, 20), (12_000, 1, 40),
        (48_000, 2, 60), (16_000, 1, 60),
    ]:  # fmt: skip
        packets = _packets(speech.at_rate(rate_hz), frame_ms, channels)
        yield f"opus {frame_ms:g} ms, {rate_hz} Hz, {channels}", packets, "opus", SPEECH_RATE_HZ, True
    yield "opus 120 ms", _of_120_ms(encode_packets(speech)), "opus", SPEECH_RATE_HZ, True
    for option in ("fec", "dtx"):
        quiet = Clip.join([speech, Clip.silence(0.2, 48_000)])
        yield f"opus {option}", _packets(quiet.at_rate(16_000), 20, 1, option), "opus", SPEECH_RATE_HZ, True
    short = speech.at_rate(SPEECH_RATE_HZ)
    files = {name: make(short) for name, make in SOUNDS.items()} | {"ogg, ours": encode_ogg(speech)}
    lists = instructions.texts("absent.wav", _PORT)
    files |= lists | instructions.disguised(lists["ffconcat"]) | instructions.containers(short, "absent.wav", _PORT)
    for name, data in files.items():
        yield name, _sixths(data), "opus", SPEECH_RATE_HZ, False
    for rate_hz in (8_000, 11_025, 16_000, 22_050, 44_100, 96_000):
        yield f"pcm16 {rate_hz}", _sixths(speech.at_rate(rate_hz).to_pcm16()), "pcm16", rate_hz, False
    laws: tuple[tuple[g711.Law, int], ...] = (("mulaw", 8_000), ("alaw", 8_000), ("mulaw", 16_000))
    for law, rate_hz in laws:
        yield f"{law} {rate_hz}", _sixths(g711.encode(speech.at_rate(rate_hz), law)), law, rate_hz, False


def _packets(speech: Clip, frame_ms: float, channels: int, option: str = "") -> list[bytes]:
    lib = load_opuslib()
    encoder = lib.Encoder(speech.rate_hz, channels, lib.APPLICATION_VOIP)
    settings = {"fec": {"inband_fec": 1, "packet_loss_perc": 30}, "dtx": {"dtx": 1}}.get(option, {})
    for name, value in settings.items():
        lib.api.encoder.encoder_ctl(encoder.encoder_state, getattr(lib.api.ctl, f"set_{name}"), value)
    size = round(speech.rate_hz * frame_ms / 1000)
    pcm = np.repeat(np.frombuffer(speech.to_pcm16(), "<i2"), channels)
    starts = range(0, len(pcm) - size * channels + 1, size * channels)
    packets = [bytes(encoder.encode(pcm[start : start + size * channels].tobytes(), size)) for start in starts]
    return packets[:_MOST_PACKETS]


def _of_120_ms(packets: Sequence[bytes]) -> list[bytes]:
    """Packets of six 20 ms frames with different lengths (RFC 6716, code 3)."""
    made = []
    for start in range(0, len(packets) - 5, 6):
        frames = packets[start : start + 6]
        head, lengths = frames[0][0] | 3, b""
        for one in frames[:-1]:
            size = len(one) - 1
            lengths += bytes([size]) if size < 252 else bytes([252 + size % 4, (size - 252 - size % 4) // 4])
        made.append(bytes([head, 0x80 | len(frames)]) + lengths + b"".join(one[1:] for one in frames))
    return made


def _sixths(data: bytes) -> list[bytes]:
    size = -(-len(data) // _PARTS)
    return [data[start : start + size] for start in range(0, len(data), size)]
