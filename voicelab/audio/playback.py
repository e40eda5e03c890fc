"""When each piece of a stream is heard: a player that starts at once and never runs ahead of what has arrived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """A piece of sound and an instant in seconds (of `time.perf_counter`): its arrival, or when it starts to sound."""

    at_s: float
    clip: Clip

    @property
    def end_s(self) -> float:
        return self.at_s + self.clip.duration_s


def as_heard(arrived: Iterable[SoundPiece], flushed_at_s: Sequence[float] = ()) -> list[SoundPiece]:
    """The pieces with the instants at which they sound.

    A piece sounds when it has arrived and the pieces before it are over. flushed_at_s: instants at which the agent took
    back what had arrived but not sounded yet, as phone agents do when the caller interrupts.
    """
    flushes = sorted(flushed_at_s)
    heard: list[SoundPiece] = []
    for piece in arrived:
        # What arrived before a flush and would sound after it is dropped, or cut short.
        after = next((instant for instant in flushes if instant >= piece.at_s), None)
        earliest_s = max([instant for instant in flushes if instant <= piece.at_s], default=piece.at_s)
        start_s = max(piece.at_s, earliest_s, heard[-1].end_s if heard else piece.at_s)
        if after is None or start_s + piece.clip.duration_s <= after:
            heard.append(SoundPiece(start_s, piece.clip))
        elif start_s < after:
            heard.append(SoundPiece(start_s, piece.clip.between(0.0, after - start_s)))
    return heard


def lane(pieces: Iterable[SoundPiece], start_s: float, duration_s: float, rate_hz: int) -> NDArray[np.float32]:
    """The pieces as one channel that begins at start_s; silence where there is none, shape (duration,), float32."""
    samples = np.zeros(round(duration_s * rate_hz), dtype=np.float32)
    for piece in pieces:
        sound = piece.clip.at_rate(rate_hz).samples
        first = round((piece.at_s - start_s) * rate_hz)
        begin, end = max(0, first), min(len(samples), first + len(sound))
        if begin < end:
            samples[begin:end] += sound[begin - first : end - first]
    return samples
