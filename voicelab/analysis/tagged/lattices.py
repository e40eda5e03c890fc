"""Build the lattice of a tagged reference's wordings; each word has its turn and its entities.

Besides the written form, the lattice allows the wordings listed for a span, a hyphenated word as several words, a word
fragment without its hyphen, and `<unk>` for a mark such as `<laugh>`. These are the rules of Rev's fstalign.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from voicelab.datasets.transcripts.nlp import NlpToken, TaggedCall, speaker_turns
from voicelab.metrics.alternatives import NOTHING, Choice, Lattice, lattice
from voicelab.text import Normalizer

_MARK = re.compile(r"<.*>")


Words = Callable[[str], tuple[str, ...]]
"""The words of a normalized text."""


class Leaf(NamedTuple):
    """A word of a wording: the turn it is in, and the ids of its entities."""

    word: str
    turn: int
    entities: frozenset[str]


@lru_cache(maxsize=4)
def words_by(normalizer: Normalizer) -> Words:
    """Return the normalizer's words of a token, cached because calls repeat most of their tokens."""
    return lru_cache(_CACHED)(lambda token: tuple(normalizer.words(token)))


_CACHED = 200_000


def call_lattice(call: TaggedCall, words_of: Words) -> tuple[Lattice, list[Leaf]]:
    """The lattice of a call, and the leaf of each of its words (that of the mark before the first word is empty)."""
    leaves: list[Leaf] = [Leaf("", 0, frozenset())]
    items: list[str | Choice] = []
    turns = speaker_turns(call.tokens)
    for (span, _), members in groupby(zip(call.tokens, turns, strict=True), _span_or_turn):
        rows = list(members)
        written: list[str | Choice] = []
        for token, turn in rows:
            written += _wording(Leaf(token.text, turn, frozenset(token.entities)), leaves, words_of)
        spoken = call.wordings.get(span, ()) if span is not None else ()
        items += _with_wordings(written, spoken, rows, leaves, words_of)
    numbered = lattice(items)
    places = [0 if not name else int(name) for name in numbered.words]
    found = [leaves[place] for place in places]
    return replace(numbered, words=tuple(leaf.word for leaf in found)), found


def _span_or_turn(row: tuple[NlpToken, int]) -> tuple[str | None, int]:
    """The key that the tokens of a span share."""
    token, turn = row
    return (None, turn) if token.span is None else (token.span, -1)


def _with_wordings(
    written: list[str | Choice],
    spoken: Sequence[Sequence[str]],
    rows: Sequence[tuple[NlpToken, int]],
    leaves: list[Leaf],
    words_of: Words,
) -> list[str | Choice]:
    """A span in its written form or any of its listed wordings."""
    if not spoken or not written:
        return written
    entities = frozenset(key for token, _ in rows for key in token.entities)
    wordings = [tuple(written)]
    for candidate in spoken:
        items: list[str | Choice] = []
        for word in candidate:
            items += _wording(Leaf(word, rows[0][1], entities), leaves, words_of)
        wordings.append(tuple(items) or (_numbered(Leaf(NOTHING, rows[0][1], entities), leaves),))
    return [Choice(tuple(wordings))]


def _wording(leaf: Leaf, leaves: list[Leaf], words_of: Words) -> list[str | Choice]:
    """A token's words as leaf numbers."""
    text = leaf.word
    if "-" not in text and "<" not in text:
        return [_numbered(Leaf(word, leaf.turn, leaf.entities), leaves) for word in words_of(text)]
    wordings = [words_of(text)]
    if _MARK.fullmatch(text):
        wordings.append(("<unk>",))
    elif "-" in text:
        wordings.append(words_of(text.replace("-", " ")))
    numbered = [
        tuple(_numbered(Leaf(word, leaf.turn, leaf.entities), leaves) for word in words)
        for place, words in enumerate(wordings)
        if words and words not in wordings[:place]
    ]
    if len(numbered) < 2:
        return list(numbered[0]) if numbered else []
    return [Choice(tuple(numbered))]


def _numbered(leaf: Leaf, leaves: list[Leaf]) -> str:
    leaves.append(leaf)
    return str(len(leaves) - 1)
