"""Computes when each piece of a stream is heard, by a player that starts at once and plays what has arrived."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """A piece of audio and a time in seconds (of `time.perf_counter`): its arrival, or its start of playback."""

    at_s: float
    clip: Clip

    @property
    def end_s(self) -> float:
        return self.at_s + self.clip.duration_s


def as_heard(arrived: Iterable[SoundPiece], flushed_at_s: Sequence[float] = ()) -> list[SoundPiece]:
    """Return the pieces with their playback times.

    A piece plays when it has arrived and the pieces before it have ended. flushed_at_s: times at which the agent
    discarded audio that had arrived but not played, as phone agents do when the caller interrupts.
    """
    flushes = sorted(flushed_at_s)
    heard: list[SoundPiece] = []
    for piece in arrived:
        # Audio that arrived before a flush and would play after it is dropped or truncated.
        after = next((instant for instant in flushes if instant >= piece.at_s), None)
        earliest_s = max([instant for instant in flushes if instant <= piece.at_s], default=piece.at_s)
        start_s = max(piece.at_s, earliest_s, heard[-1].end_s if heard else piece.at_s)
        if after is None or start_s + piece.clip.duration_s <= after:
            heard.append(SoundPiece(start_s, piece.clip))
        elif start_s < after:
            heard.append(SoundPiece(start_s, piece.clip.between(0.0, after - start_s)))
    return heard


def pending_until_s(arrived: Sequence[SoundPiece], flushed_at_s: Sequence[float], at_s: float) -> float | None:
    """Return the end of the sound that had arrived at a time; None without any, or if some of it was discarded."""
    pending = as_heard([piece for piece in arrived if piece.at_s <= at_s])
    if not pending or any(at_s <= instant < pending[-1].end_s for instant in flushed_at_s):
        return None
    return pending[-1].end_s


def channel(pieces: Iterable[SoundPiece], start_s: float, duration_s: float, rate_hz: int) -> NDArray[np.float32]:
    """Render the pieces as one channel from start_s, silent between them; shape (duration,), float32."""
    samples = np.zeros(round(duration_s * rate_hz), dtype=np.float32)
    for piece in pieces:
        sound = piece.clip.at_rate(rate_hz).samples
        first = round((piece.at_s - start_s) * rate_hz)
        begin, end = max(0, first), min(len(samples), first + len(sound))
        if begin < end:
            samples[begin:end] += sound[begin - first : end - first]
    return samples
