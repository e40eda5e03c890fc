"""What an agent is, and what it is told: a pure function from a dialogue and new words to a reply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from voicelab.engines.spec import EngineInfo


@dataclass(frozen=True, slots=True)
class Entity:
    """Something named in what was said.

    kind: "company", ...; value: its identifier (a ticker); name: as people say it; heard: the words it was found in;
    score: 0..1, how well they fit (1 is exact).
    """

    kind: str
    value: str
    name: str
    heard: str
    score: float


@dataclass(frozen=True, slots=True)
class WatchlistChange:
    """A change that the reply promises; whoever keeps the watchlist carries it out, once."""

    operation: Literal["add", "remove"]
    ticker: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the agent answers.

    candidates: the best-fitting entities whether or not they were good enough to be taken, for tuning a threshold.
    """

    text: str
    intent: str
    entities: tuple[Entity, ...] = ()
    changes: tuple[WatchlistChange, ...] = ()
    candidates: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn that is over."""

    heard: str
    answer: str
    intent: str
    tickers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """All that an agent may know: the turns of this session so far, oldest first, and the user's watchlist."""

    user_id: str = "anonymous"
    exchanges: tuple[Exchange, ...] = ()
    watchlist: tuple[str, ...] = ()

    def after(self, heard: str, reply: Reply) -> Dialogue:
        """The dialogue with one more turn, the watchlist as the reply promised it."""
        tickers = tuple(entity.value for entity in reply.entities if entity.kind == "company")
        exchange = Exchange(heard, reply.text, reply.intent, tickers)
        watchlist = self.watchlist
        for change in reply.changes:
            watchlist = tuple(ticker for ticker in watchlist if ticker != change.ticker)
            if change.operation == "add":
                watchlist = (*watchlist, change.ticker)
        return replace(self, exchanges=(*self.exchanges, exchange), watchlist=watchlist)


class Agent(Protocol):
    """What was said to what is answered. A class with keyword options only; cheap to build, heavy to load."""

    def load(self) -> EngineInfo:
        """Load what it answers from; raises EngineMissingError with the way out."""

    def respond(self, heard: str, dialogue: Dialogue) -> Reply:
        """Answer; changes nothing by itself. Calls never overlap."""
