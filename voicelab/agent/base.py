"""The agent protocol: an agent answers new words within a dialogue and changes nothing itself."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

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
class ToolCall:
    """One call of a tool.

    arguments: as the model gave them. result: what the model got back, usually JSON. took_s: seconds. error: why the
    call failed, or None.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: str = ""
    took_s: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a language model spent on one reply.

    requests: sent to the server. first_token_s: from the request to the first token (text or tool call). The token
    counts and the cost (in the server's currency) are None where the server does not report them.
    """

    requests: int = 1
    first_token_s: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


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
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None


ReplyPart = str | ToolCall | WatchlistChange
"""What an agent may yield while it writes: text (any length), a finished tool call, a change that it promises."""
ReplyWriter = Generator[ReplyPart, None, Reply]
"""A reply that is being written. The text of the Reply that it returns begins with all the text that it yielded."""


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
    """Answers what the user says. A class with keyword options only; cheap to build, heavy to load."""

    def load(self) -> EngineInfo:
        """Load what it answers from; raises EngineMissingError with the way out."""

    def respond(self, heard: str, dialogue: Dialogue) -> Reply | ReplyWriter:
        """Return the reply, or a generator that yields its parts as they are written and returns the reply.

        Changes nothing by itself. Calls do not overlap; generators of different users may interleave. Yield a sentence
        with the space that follows it, so that it is spoken at once. The pipeline closes a generator when the user
        interrupts the reply.
        """


def whole(answer: Reply | ReplyWriter) -> Reply:
    """Wait for the whole reply."""
    if isinstance(answer, Reply):
        return answer
    while True:
        try:
            next(answer)
        except StopIteration as end:
            reply: Reply = end.value
            return reply
