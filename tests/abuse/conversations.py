"""A conversation as bytes: generated from a plan of numbers, and stored as text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal, get_args

from tests.abuse import handshakes, uploads
from tests.abuse.broken_frames import BREAKS
from tests.abuse.frames import frame
from tests.abuse.handshakes import Handshake
from tests.abuse.message_mutations import OF_MESSAGES
from tests.abuse.seeds import Seed, payload
from tests.abuse.sound_mutations import OF_SOUND

Ending = Literal["ask", "vanish", "half close"]
"""How it ends: with a turn that must be answered, without a close, or with a half-closed connection."""
_ENDINGS: tuple[Ending, ...] = get_args(Ending)


_REQUESTS = (uploads.upload,) * 7 + (uploads.json_body,) * 3
"""About half of the handshakes that are not the usual one. With the others they are 21, which shares no factor with the
numbers that `fuzz.plans` draws, so that each kind comes."""


@dataclass(frozen=True, slots=True)
class FuzzPlan:
    """The choices of a conversation, as numbers: smaller ones are more usual.

    pieces: 0 is none. handshake, last: 0 is the usual one.
    """

    init: int
    pieces: tuple[int, ...]
    last: int = 0
    handshake: int = 0
    ending: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class FuzzConversation:
    """One connection: its start, the data sent, the portions, and its end.

    mutated: number of pieces that a correct client would not send.
    """

    handshake: Handshake
    pieces: tuple[bytes, ...]
    ending: Ending = "ask"
    cut: int = 0
    mutated: int = 0

    @classmethod
    def usual(cls) -> FuzzConversation:
        """A correct client that sends only a turn that must be answered."""
        return cls(handshakes.SOUND, ())

    @property
    def wire(self) -> bytes:
        """Everything sent after the handshake."""
        return b"".join(self.pieces)

    def text(self) -> str:
        """Serialize to JSON, in which a character is a byte."""
        kept = {
            "handshake": self.handshake.data.decode("latin-1"),
            "opens": self.handshake.opens,
            "ends": self.handshake.ends,
            "pieces": [piece.decode("latin-1") for piece in self.pieces],
            "ending": self.ending,
            "cut": self.cut,
        }
        return json.dumps(kept, indent=1) + "\n"

    def keep(self, folder: Path) -> Path:
        """Write it to a file in this folder, named by its content."""
        text = self.text()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
        path.write_text(text, encoding="utf-8")
        return path

    @classmethod
    def of(cls, text: str) -> FuzzConversation:
        """Parse the output of `text`. Raises ValueError or KeyError for anything else."""
        kept = json.loads(text)
        handshake = Handshake(kept["handshake"].encode("latin-1"), kept["opens"], kept["ends"])
        pieces = tuple(piece.encode("latin-1") for piece in kept["pieces"])
        return cls(handshake, pieces, kept["ending"], kept["cut"])


class Composer:
    """Generates conversations from plans and audio seeds."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        self._inits = [seed for seed in seeds if seed.name.startswith("init ")]
        self._others = [seed for seed in seeds if not seed.name.startswith("init ")]
        self._seeds = list(seeds)
        self._sounds = [b"".join(seed.audio) for seed in seeds if seed.audio]

    def conversation(self, plan: FuzzPlan) -> FuzzConversation:
        """Return the conversation of a plan; equal plans give equal bytes."""
        pieces, mutated = [self._init(plan.init)], int(plan.init > len(self._inits))
        for number in filter(None, plan.pieces):
            pieces.append(self._piece(number))
            mutated += 1
        if plan.last:
            chance = Random(plan.last)
            pieces.append(chance.choice(BREAKS)(chance.choice(self._seeds), self._others[0], chance))
            mutated += 1
        chance = Random(plan.handshake)
        handshake = self._handshake(plan.handshake, chance) if plan.handshake else handshakes.SOUND
        return FuzzConversation(
            handshake, tuple(filter(None, pieces)), _ENDINGS[plan.ending % len(_ENDINGS)], plan.cut, mutated
        )

    def _handshake(self, number: int, chance: Random) -> Handshake:
        """An unusual start: a request for a WebSocket, an upload, or a JSON body."""
        kind = number % (handshakes.KINDS + len(_REQUESTS))
        if kind < handshakes.KINDS:
            return handshakes.odd(kind, chance)
        return _REQUESTS[kind - handshakes.KINDS](self._sounds, chance)

    def _init(self, number: int) -> bytes:
        """Return a piece: 0 is none; then valid ones, then mutated ones."""
        if not number:
            return b""
        seed = self._inits[(number - 1) % len(self._inits)]
        if number <= len(self._inits):
            return frame(payload(seed.messages[0]))
        return _damaged(seed, self._others[0], number, Random(number))

    def _piece(self, number: int) -> bytes:
        chance = Random(number)
        seeds = self._seeds if chance.random() < 0.05 else self._others
        seed, other = chance.choice(seeds), chance.choice(self._others)
        return _damaged(seed, other, chance.randrange(1 << 16), chance)


def _damaged(seed: Seed, other: Seed, number: int, chance: Random) -> bytes:
    """The frames of a seed after one of the mutations that it can have, by number."""
    able = (*OF_SOUND, *OF_MESSAGES) if seed.audio else OF_MESSAGES
    return able[number % len(able)](seed, other, chance)
