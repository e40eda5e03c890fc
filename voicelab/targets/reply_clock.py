"""When the pieces of an encoded reply arrived."""

from __future__ import annotations

from voicelab.audio.incoming import reply_clip
from voicelab.errors import InputError


class ReplyClock:
    """Notes when each chunk of a reply came, and finds the first one with sound in it."""

    def __init__(self) -> None:
        self._joined = bytearray()
        self._arrivals: list[tuple[float, int]] = []

    def arrived(self, at_s: float, data: bytes) -> None:
        self._joined += data
        self._arrivals.append((at_s, len(self._joined)))

    @property
    def audio(self) -> bytes:
        return bytes(self._joined)

    @property
    def chunks(self) -> int:
        return len(self._arrivals)

    def first_sound_s(self) -> float | None:
        """The arrival of the first chunk with which the reply (Ogg Opus) is more than silence; None when none is."""
        for at_s, size in self._arrivals:
            try:
                clip = reply_clip(bytes(self._joined[:size]))
            except InputError:
                continue  # the headers alone are not sound yet
            if clip.sound_start_s() is not None:
                return at_s
        return None
