"""References with alternatives in NIST's notation: `{ uh / um / @ } twenty { one / first }`.

`@` is the empty alternative. Alternatives may be nested and contain several words. As in sclite, tags (`word;tag`) and
a final `*` are not part of a word, and a backslash before `;` keeps it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.errors import InputError
from voicelab.text import Normalizer

NOTHING = "@"
"""The empty alternative."""
_OUTSIDE = re.compile(r"\{|\}|\S+")
_INSIDE = re.compile(r"[{}/]|[^\s{}/]+")
_TAGGED = re.compile(r"(.*?[^\\]);.")

Wording = Sequence["str | Choice"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice between alternatives."""

    wordings: tuple[tuple[str | Choice, ...], ...]


def parse(text: str) -> tuple[str | Choice, ...]:
    """Parse a text into words and choices. Raises InputError for unbalanced braces."""
    if "{" not in text and "}" not in text:
        return tuple(_bare(word) for word in text.split())
    tokens, index, items = text, 0, list[str | Choice]()
    while token := _OUTSIDE.search(tokens, index):
        index = token.end()
        if token[0] == "{":
            choice, index = _choice(text, index)
            items.append(choice)
        elif token[0] == "}":
            raise InputError(f"closing brace without an opening one: {text.strip()!r}")
        else:
            items.append(_bare(token[0]))
    return tuple(items)


def _choice(text: str, index: int) -> tuple[Choice, int]:
    """Return the choice whose opening brace ends at `index`, and its end."""
    wordings: list[tuple[str | Choice, ...]] = []
    items: list[str | Choice] = []
    while token := _INSIDE.search(text, index):
        index = token.end()
        if token[0] == "{":
            inner, index = _choice(text, index)
            items.append(inner)
        elif token[0] in "/}":
            if items:
                wordings.append(tuple(items))
            items = []
            if token[0] == "}":
                if not wordings:
                    raise InputError(f"empty alternative between braces; write @ for no word: {text.strip()!r}")
                return Choice(tuple(wordings)), index
        else:
            items.append(_bare(token[0]))
    raise InputError(f"opening brace without a closing one: {text.strip()!r}")


def _bare(word: str) -> str:
    """Return the word without its tags and final star."""
    if ";" in word:
        tagged = _TAGGED.match(word)
        word = (tagged[1] if tagged else word).replace("\\", "")
    return word[:-1] if len(word) > 1 and word.endswith("*") else word


def normalized(items: Wording, normalizer: Normalizer) -> tuple[str | Choice, ...]:
    """Normalize the words between choices and inside them.

    A sequence without remaining words becomes the empty alternative inside a choice, and disappears outside.
    """
    found: list[str | Choice] = []
    stretch: list[str] = []
    for item in (*items, None):
        if isinstance(item, str) and item != NOTHING:
            stretch.append(item)
            continue
        found += normalizer.words(" ".join(stretch))
        stretch = []
        if isinstance(item, Choice):
            wordings = (normalized(wording, normalizer) or (NOTHING,) for wording in item.wordings)
            found.append(Choice(tuple(wordings)))
        elif item is not None:
            found.append(item)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Lattice:
    """All alternatives as a graph of words in topological order.

    words[0] is a start mark. before[i]: positions of the words that may precede words[i]. last: positions of the words
    that may end the text. Ties in the order follow sclite, so that equally cheap alignments are resolved the same way.
    """

    words: tuple[str, ...]
    before: tuple[tuple[int, ...], ...]
    last: tuple[int, ...]

    @property
    def has_nothing(self) -> bool:
        return NOTHING in self.words


def plain_lattice(words: Sequence[str]) -> Lattice:
    """Return the lattice of a text without alternatives."""
    return Lattice(("", *words), ((), *((index,) for index in range(len(words)))), (len(words),))


class _Graph:
    """A graph of words under construction; nodes and arcs are numbers.

    words, targets: of each arc. outgoing, incoming: the arcs of each node.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self.targets: list[int] = []
        self.outgoing: list[list[int]] = []
        self.incoming: list[list[int]] = []

    def node(self) -> int:
        self.outgoing.append([])
        self.incoming.append([])
        return len(self.outgoing) - 1

    def connect(self, word: str, source: int, target: int) -> None:
        self.outgoing[source].append(len(self.words))
        self.incoming[target].append(len(self.words))
        self.words.append(word)
        self.targets.append(target)

    def lay(self, items: Wording, source: int, target: int) -> None:
        last = len(items) - 1
        for number, item in enumerate(items):
            following = target if number == last else self.node()
            if isinstance(item, str):
                self.connect(item, source, following)
            else:
                for wording in item.wordings:
                    self.lay(wording, source, following)
            source = following

    def in_order(self, start: int) -> list[tuple[int, int]]:
        """Return the arcs in topological order, each with its source."""
        waiting = [len(arcs) for arcs in self.incoming]
        queue, found = deque([start]), list[tuple[int, int]]()
        while queue:
            node = queue.popleft()
            for arc in self.outgoing[node]:
                found.append((arc, node))
                target = self.targets[arc]
                waiting[target] -= 1
                if not waiting[target]:
                    queue.append(target)
        return found


def lattice(items: Wording) -> Lattice:
    """Return the lattice of a parsed text."""
    graph = _Graph()
    start, first = graph.node(), graph.node()
    end = graph.node() if items else first
    graph.connect("", start, first)
    graph.lay(items, first, end)
    order = graph.in_order(start)
    places = [0] * len(order)
    for place, (arc, _) in enumerate(order):
        places[arc] = place
    into = [tuple(places[arc] for arc in arcs) for arcs in graph.incoming]
    return Lattice(tuple(graph.words[arc] for arc, _ in order), tuple(into[node] for _, node in order), into[end])
