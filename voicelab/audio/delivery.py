"""Audio that was sent in pieces: the audio as spoken, and the delay of each piece."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from voicelab.audio.clip import Clip
from voicelab.audio.playback import SoundPiece


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sent audio. spoken: the joined pieces, as if sent without delays. ends_s: the end of each piece in
    it, in seconds. late_s: the delay with which each piece was sent.

    A busy sender is a few milliseconds late with some pieces. Joined at the times of sending, they would have gaps and
    overlaps that detectors mistake for pauses.
    """

    spoken: SoundPiece
    ends_s: tuple[float, ...]
    late_s: tuple[float, ...]

    @classmethod
    def of(cls, pieces: Sequence[SoundPiece]) -> Delivery:
        """Join pieces that follow each other without a pause. Raises ValueError without pieces."""
        if not pieces:
            raise ValueError("at least one piece is needed")
        ends_s = tuple(accumulate(piece.clip.duration_s for piece in pieces))
        begins_s = [piece.at_s - (end_s - piece.clip.duration_s) for piece, end_s in zip(pieces, ends_s, strict=True)]
        start_s = min(begins_s)
        spoken = SoundPiece(start_s, Clip.join([piece.clip for piece in pieces]))
        return cls(spoken, ends_s, tuple(begin_s - start_s for begin_s in begins_s))

    def sent_s(self, offset_s: float) -> float:
        """Return the time at which the audio at this offset was sent."""
        number = min(bisect_left(self.ends_s, offset_s - 1e-9), len(self.ends_s) - 1)
        return self.spoken.at_s + offset_s + self.late_s[number]


def joined(pieces: Sequence[SoundPiece]) -> list[SoundPiece]:
    """Join pieces with gaps of at most 1 ms between them, because resampling them separately would cause artefacts."""
    groups: list[list[SoundPiece]] = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        if last is None or piece.clip.rate_hz != last.clip.rate_hz or abs(piece.at_s - last.end_s) > 0.001:
            groups.append([])
        groups[-1].append(piece)
    return [SoundPiece(group[0].at_s, Clip.join([piece.clip for piece in group])) for group in groups]
