"""Mutations of the bytes of a spoken turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.abuse.seeds import Seed, chunks, pieces, texts

Mutation = Callable[[Seed, Seed, Random], bytes]
"""Makes frames from an audio seed, another seed, and random choices."""

_BAD_BASE64 = ("====", "A", "AAA", "AA=A", "AAAA\n", " AAAA", "data:audio/ogg;base64,AAAA", "-_-_", "ÄÖÜß", "AAAA====")


def _spoken(seed: Seed, audio: Sequence[bytes]) -> bytes:
    return texts(chunks(audio, seed.form, seed.rate_hz))


def flip_bits(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Flip few or many bits of the audio."""
    audio = [bytearray(part) for part in seed.audio]
    for _ in range(chance.choice((1, 1, 4, 30))):
        part = chance.choice(audio)
        part[chance.randrange(len(part))] ^= 1 << chance.randrange(8)
    return _spoken(seed, [bytes(part) for part in audio])


def flip_head(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Replace bytes near the beginning, which identify containers and packets."""
    first = bytearray(seed.audio[0])
    for _ in range(chance.choice((1, 2, 8))):
        first[chance.randrange(min(len(first), 64))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return _spoken(seed, [bytes(first), *seed.audio[1:]])


def truncate(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Truncate the audio anywhere, also within a packet."""
    number = chance.randrange(len(seed.audio))
    last = seed.audio[number]
    return _spoken(seed, [*seed.audio[:number], last[: chance.randrange(len(last))]])


def behead(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Drop the first bytes."""
    whole = b"".join(seed.audio)
    return _spoken(seed, pieces(whole[chance.randrange(1, len(whole)) :], chance, 4))


def recut(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Split anywhere, also within headers and packets, into up to sixteen pieces, possibly empty."""
    return _spoken(seed, pieces(b"".join(seed.audio), chance, 16))


def shuffle(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Reorder, drop and duplicate chunks."""
    audio = chance.choices(seed.audio, k=chance.randrange(1, len(seed.audio) + 4))
    return _spoken(seed, audio)


def overwrite(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Replace a block by one byte, by noise, or by another part of the audio."""
    whole = bytearray(b"".join(seed.audio))
    size = chance.randrange(1, 1 + len(whole))
    start, source = chance.randrange(len(whole)), chance.randrange(len(whole))
    block = chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size), bytes(whole[source : source + size])))
    whole[start : start + size] = block
    return _spoken(seed, pieces(bytes(whole), chance, 6))


def splice(seed: Seed, other: Seed, chance: Random) -> bytes:
    """Start as one kind of audio and continue as another."""
    tail = other.audio or seed.audio
    kept = seed.audio[: chance.randrange(len(seed.audio) + 1)]
    return _spoken(seed, [*kept, *tail[chance.randrange(len(tail)) :]])


def other_form(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Declare a wrong format or rate, which may change in between."""
    made = chunks(seed.audio, seed.form, seed.rate_hz)
    for one in made:
        if chance.random() < 0.5:
            one["data"]["format"] = chance.choice(("opus", "pcm16", "mulaw", "", "x" * 200, "ogg"))
            one["data"]["sample_rate"] = chance.choice((8_000, 16_000, 48_000, 47_999, 22_050))
    return texts(made)


def odd_ends(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Set is_final nowhere, anywhere or everywhere, with empty chunks in between."""
    made = chunks([part for whole in seed.audio for part in ((whole, b"") if chance.random() < 0.2 else (whole,))])
    share = chance.choice((0.0, 0.1, 1.0))
    for one in made:
        one["data"]["is_final"] = chance.random() < share
    return texts(made)


def bad_base64(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Send a chunk that is not standard base64."""
    made = chunks(seed.audio, seed.form, seed.rate_hz)
    broken = chance.choice(made)["data"]
    text = broken["audio_chunk"]
    place = chance.randrange(len(text) + 1)
    broken["audio_chunk"] = chance.choice(
        (*_BAD_BASE64, text[:-1], text[:place] + chance.choice("=\n*\x00é") + text[place:])
    )
    return texts(made)


def noise(_seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Send chunks of noise, with or without the first bytes of a container."""
    head = chance.choice((b"", b"OggS", b"\x1a\x45\xdf\xa3", b"RIFF", b"fLaC", b"ID3", b"\xff\xfb", b"Og", b"\xfc"))
    parts = [head, *(chance.randbytes(chance.choice((1, 2, 40, 1500))) for _ in range(chance.randrange(5)))]
    return texts(chunks(parts, chance.choice(("opus", "opus", "pcm16"))))


OF_SOUND: tuple[Mutation, ...] = (
    flip_bits, flip_head, truncate, behead, recut, shuffle, overwrite, splice, other_form, odd_ends, bad_base64, noise,
)  # fmt: skip
