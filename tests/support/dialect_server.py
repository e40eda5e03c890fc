"""A server for tests of the dialects, and audio that its detector classifies as speech."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection

from tests.support.serving import Served, serving
from voicelab.audio import g711
from voicelab.audio.clip import Clip

LONG = " ".join(f"Sentence number {number} is this one." for number in range(1, 61))


@contextmanager
def dialect_server(folder: Path, **settings: Any) -> Iterator[Served]:
    """The real server with the energy detector, so that a tone is speech."""
    with serving(
        folder, **{"vad": "energy", "tts": "fake:words_per_s=5000", "realtime_slack_s": 60, **settings}
    ) as running:
        yield running


def tone(duration_s: float, rate_hz: int, gain: float = 0.3) -> bytes:
    """A tone as 16-bit samples."""
    instants = np.arange(round(duration_s * rate_hz)) / rate_hz
    return Clip((gain * np.sin(2 * np.pi * 300 * instants)).astype(np.float32), rate_hz).to_pcm16()


def g711_tone(duration_s: float, law: g711.Law, rate_hz: int = g711.RATE_HZ) -> bytes:
    """The same tone in G.711."""
    return g711.encode(Clip.from_pcm16(tone(duration_s, rate_hz), rate_hz), law)


def silence(duration_s: float, rate_hz: int) -> bytes:
    """Digital silence as 16-bit samples."""
    return bytes(2 * round(duration_s * rate_hz))


def pieces(sound: bytes, size: int) -> list[bytes]:
    """The sound in pieces of this many bytes."""
    return [sound[start : start + size] for start in range(0, len(sound), size)]


class Messages:
    """JSON messages over a WebSocket. The kind of a message is in the field with this name."""

    def __init__(self, socket: ClientConnection, key: str) -> None:
        self._socket = socket
        self._key = key
        self.seen: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def until(self, kind: str) -> dict[str, Any]:
        """Receive up to the first message of this kind; all messages are added to `seen`."""
        while True:
            message: dict[str, Any] = json.loads(await self._socket.recv())
            self.seen.append(message)
            if message[self._key] == kind:
                return message

    @property
    def kinds(self) -> list[str]:
        """The kinds of all messages so far, without consecutive repetitions."""
        names = [message[self._key] for message in self.seen]
        return [name for place, name in enumerate(names) if place == 0 or name != names[place - 1]]
