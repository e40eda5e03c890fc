"""References that allow several wordings, as NIST writes them: `{ uh / um / @ } twenty { one / first }`.

`@` is the empty wording. Alternatives may be nested, and hold several words. As in sclite, a word's tags (`word;tag`)
and a `*` at its end are no part of it, and a backslash before `;` keeps it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from voicelab.errors import InputError
from voicelab.text import Normalizer

NOTHING = "@"
"""The empty wording."""
_OUTSIDE = re.compile(r"\{|\}|\S+")
_INSIDE = re.compile(r"[{}/]|[^\s{}/]+")
_TAGGED = re.compile(r"(.*?[^\\]);.")

Wording = Sequence["str | Choice"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several wordings."""

    wordings: tuple[tuple[str | Choice, ...], ...]


def parse(text: str) -> tuple[str | Choice, ...]:
    """A text's words and choices, in order; InputError where braces do not pair."""
    if "{" not in text and "}" not in text:
        return tuple(_bare(word) for word in text.split())
    tokens, place, items = text, 0, list[str | Choice]()
    while token := _OUTSIDE.search(tokens, place):
        place = token.end()
        if token[0] == "{":
            choice, place = _choice(text, place)
            items.append(choice)
        elif token[0] == "}":
            raise InputError(f"a brace is closed that was not opened: {text.strip()!r}")
        else:
            items.append(_bare(token[0]))
    return tuple(items)


def _choice(text: str, place: int) -> tuple[Choice, int]:
    """The choice whose opening brace ends at `place`, and where it ends."""
    wordings: list[tuple[str | Choice, ...]] = []
    items: list[str | Choice] = []
    while token := _INSIDE.search(text, place):
        place = token.end()
        if token[0] == "{":
            inner, place = _choice(text, place)
            items.append(inner)
        elif token[0] in "/}":
            if items:
                wordings.append(tuple(items))
            items = []
            if token[0] == "}":
                if not wordings:
                    raise InputError(f"there is nothing between two braces; write @ for no word: {text.strip()!r}")
                return Choice(tuple(wordings)), place
        else:
            items.append(_bare(token[0]))
    raise InputError(f"a brace is opened that is not closed: {text.strip()!r}")


def _bare(word: str) -> str:
    """The word without its tags and without a star at its end."""
    if ";" in word:
        tagged = _TAGGED.match(word)
        word = (tagged[1] if tagged else word).replace("\\", "")
    return word[:-1] if len(word) > 1 and word.endswith("*") else word


def normalized(items: Wording, normalizer: Normalizer) -> tuple[str | Choice, ...]:
    """Every stretch of words between choices, and within them, brought to the normalizer's spelling.

    A stretch that has no words left becomes the empty wording within a choice, and nothing outside.
    """
    return tuple(_normalized(items, normalizer))


def _normalized(items: Wording, normalizer: Normalizer) -> Iterator[str | Choice]:
    stretch: list[str] = []
    for item in (*items, None):
        if isinstance(item, str) and item != NOTHING:
            stretch.append(item)
            continue
        yield from normalizer.words(" ".join(stretch))
        stretch = []
        if isinstance(item, Choice):
            wordings = (normalized(wording, normalizer) or (NOTHING,) for wording in item.wordings)
            yield Choice(tuple(wordings))
        elif item is not None:
            yield item


@dataclass(frozen=True, slots=True)
class Lattice:
    """All wordings at once: words in an order in which each comes after all that may stand before it.

    words[0] is a mark before the first word. before[i]: places of the words that may stand right before words[i].
    last: places of the words that may end the text. The order among equals is sclite's, so that ties fall the same way.
    """

    words: tuple[str, ...]
    before: tuple[tuple[int, ...], ...]
    last: tuple[int, ...]

    @property
    def has_nothing(self) -> bool:
        return NOTHING in self.words


def plain_lattice(words: Sequence[str]) -> Lattice:
    """The lattice of a text with a single wording."""
    return Lattice(("", *words), ((), *((place,) for place in range(len(words)))), (len(words),))


@dataclass(slots=True)
class _Node:
    incoming: list[_Arc] = field(default_factory=list)
    outgoing: list[_Arc] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Arc:
    word: str
    source: _Node
    target: _Node
    place: int = 0


def lattice(items: Wording) -> Lattice:
    """The lattice of a parsed text."""
    start, first, end = _Node(), _Node(), _Node()
    _connect("", start, first)
    if items:
        _lay(items, first, end)
    else:
        end = first
    arcs = _in_order(start)
    before = tuple(tuple(arc.place for arc in one.source.incoming) for one in arcs)
    return Lattice(tuple(arc.word for arc in arcs), before, tuple(arc.place for arc in end.incoming))


def _connect(word: str, source: _Node, target: _Node) -> None:
    arc = _Arc(word, source, target)
    source.outgoing.append(arc)
    target.incoming.append(arc)


def _lay(items: Wording, source: _Node, target: _Node) -> None:
    for number, item in enumerate(items):
        following = target if number == len(items) - 1 else _Node()
        if isinstance(item, str):
            _connect(item, source, following)
        else:
            for wording in item.wordings:
                _lay(wording, source, following)
        source = following


def _in_order(start: _Node) -> list[_Arc]:
    """Arcs in the order of their nodes, a node coming when all arcs into it have come; numbers them."""
    waiting = {id(start): 0}
    queue, arcs = deque([start]), list[_Arc]()
    while queue:
        node = queue.popleft()
        for arc in node.outgoing:
            arc.place = len(arcs)
            arcs.append(arc)
            left = waiting.setdefault(id(arc.target), len(arc.target.incoming)) - 1
            waiting[id(arc.target)] = left
            if not left:
                queue.append(arc.target)
    return arcs
