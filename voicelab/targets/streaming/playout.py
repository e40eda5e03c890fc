"""Simulate the playback of a reply while it arrives: `audio.playback` piece by piece."""

from voicelab.audio.clip import Clip
from voicelab.audio.playback import SoundPiece


class Playout:
    """Plays pieces in order. `pieces` contains the time at which each one is heard.

    `drop` discards audio that was not heard yet, like a player that is interrupted.
    """

    def __init__(self) -> None:
        self.pieces: list[SoundPiece] = []

    @property
    def ends_s(self) -> float:
        """The end of the last piece; minus infinity before the first."""
        return self.pieces[-1].end_s if self.pieces else float("-inf")

    def add(self, came_s: float, clip: Clip) -> None:
        self.pieces.append(SoundPiece(max(came_s, self.ends_s), clip))

    def drop(self, now_s: float) -> None:
        """Drop everything after now_s."""
        kept = [piece for piece in self.pieces if piece.at_s < now_s]
        if kept and kept[-1].end_s > now_s:
            last = kept.pop()
            kept.append(SoundPiece(last.at_s, last.clip.between(0.0, now_s - last.at_s)))
        self.pieces = kept

    def played_s(self, now_s: float) -> float:
        """Return the seconds of audio that were heard until now_s."""
        return sum(min(piece.clip.duration_s, max(0.0, now_s - piece.at_s)) for piece in self.pieces)
