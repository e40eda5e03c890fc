"""What the caller has heard of a reply that still comes: `audio.playback` piece by piece."""

from __future__ import annotations

from voicelab.audio.clip import Clip
from voicelab.audio.playback import SoundPiece


class Playout:
    """Plays pieces in order; `pieces` has the instant at which each sounds.

    `drop` discards what has not sounded yet, as a player does when it is interrupted.
    """

    def __init__(self) -> None:
        self.pieces: list[SoundPiece] = []

    @property
    def ends_s(self) -> float:
        """When the last piece stops sounding; minus infinity before the first."""
        return self.pieces[-1].end_s if self.pieces else float("-inf")

    def add(self, came_s: float, clip: Clip) -> None:
        self.pieces.append(SoundPiece(max(came_s, self.ends_s), clip))

    def drop(self, now_s: float) -> None:
        """Cut everything after now_s."""
        kept = [piece for piece in self.pieces if piece.at_s < now_s]
        if kept and kept[-1].end_s > now_s:
            last = kept.pop()
            kept.append(SoundPiece(last.at_s, last.clip.between(0.0, now_s - last.at_s)))
        self.pieces = kept

    def played_s(self, now_s: float) -> float:
        """Seconds that have sounded by now_s."""
        return sum(min(piece.clip.duration_s, max(0.0, now_s - piece.at_s)) for piece in self.pieces)
