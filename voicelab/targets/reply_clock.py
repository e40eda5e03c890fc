"""Arrival times of the pieces of an encoded reply."""

from bisect import bisect_left

from voicelab.audio import decoding
from voicelab.audio.ogg_progress import playable_s
from voicelab.audio.playback import SoundPiece
from voicelab.errors import InputError
from voicelab.targets.base import TurnOutcome


class ReplyClock:
    """Records the arrival of each chunk of a reply, and finds the first one with sound."""

    def __init__(self) -> None:
        self._joined = bytearray()
        self._arrivals: list[tuple[float, int]] = []

    def arrived(self, at_s: float, data: bytes) -> None:
        self._joined += data
        self._arrivals.append((at_s, len(self._joined)))

    def fill(self, outcome: TurnOutcome, t_end: float) -> None:
        """Add the reply's audio, and when it arrived, to the outcome."""
        outcome.reply_audio, outcome.chunks = bytes(self._joined), len(self._arrivals)
        outcome.first_audio_s = self._first_sound_s()
        outcome.received = self._pieces(outcome.reply_audio, t_end)

    def _first_sound_s(self) -> float | None:
        """Return the arrival of the first chunk after which the reply (Ogg Opus) is audible; None if there is none."""
        place = bisect_left(self._arrivals, True, key=lambda arrival: self._has_sound(arrival[1]))
        return self._arrivals[place][0] if place < len(self._arrivals) else None

    def _has_sound(self, size: int) -> bool:
        try:
            return decoding.decode(bytes(self._joined[:size])).sound_start_s() is not None
        except InputError:
            return False  # the headers alone are not sound yet

    def _pieces(self, audio: bytes, t_end: float) -> list[SoundPiece]:
        """Return the audio that each chunk completed, with its arrival on the clock of t_end; empty if undecodable."""
        try:
            clip = decoding.decode(audio)
        except InputError:
            return []
        sizes = [size for _, size in self._arrivals]
        ends_s = playable_s(audio, sizes) or [_duration_s(audio[:size]) for size in sizes]
        ends_s[-1] = clip.duration_s
        found, start_s = [], 0.0
        for (at_s, _), end_s in zip(self._arrivals, ends_s, strict=True):
            if end_s > start_s:
                found.append(SoundPiece(t_end + at_s, clip.between(start_s, end_s)))
                start_s = end_s
        return found


def _duration_s(data: bytes) -> float:
    try:
        return decoding.decode(data).duration_s
    except InputError:
        return 0.0
