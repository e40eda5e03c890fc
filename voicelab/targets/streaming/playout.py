"""When the caller hears the reply: a player that starts at once and never runs ahead."""

from __future__ import annotations

from dataclasses import dataclass

from voicelab.audio.clip import Clip


@dataclass(frozen=True, slots=True)
class HeardPiece:
    """A piece of the reply: when it came and when it begins to sound, by `time.perf_counter`."""

    came_s: float
    starts_s: float
    clip: Clip

    @property
    def ends_s(self) -> float:
        return self.starts_s + self.clip.duration_s


class Playout:
    """Plays pieces in order. `drop` discards what has not sounded yet, as a player does when it is interrupted."""

    def __init__(self) -> None:
        self.pieces: list[HeardPiece] = []

    @property
    def ends_s(self) -> float:
        """When the last piece stops sounding; minus infinity before the first."""
        return self.pieces[-1].ends_s if self.pieces else float("-inf")

    def add(self, came_s: float, clip: Clip) -> None:
        self.pieces.append(HeardPiece(came_s, max(came_s, self.ends_s), clip))

    def drop(self, now_s: float) -> None:
        """Cut everything after now_s."""
        kept = []
        for piece in self.pieces:
            if piece.ends_s <= now_s:
                kept.append(piece)
            elif piece.starts_s < now_s:
                kept.append(HeardPiece(piece.came_s, piece.starts_s, piece.clip.between(0.0, now_s - piece.starts_s)))
        self.pieces = kept

    def played_s(self, now_s: float, since_s: float = float("-inf")) -> float:
        """Seconds that have sounded by now_s, of pieces that came at since_s or later."""
        return sum(
            min(piece.clip.duration_s, max(0.0, now_s - piece.starts_s))
            for piece in self.pieces
            if piece.came_s >= since_s
        )
