"""The agent protocol: an agent replies to new words within a dialogue and changes nothing itself."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, Self

from voicelab.engines.spec import EngineInfo


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity in the user's words.

    kind: "company", ...; value: its identifier (a ticker). name: its spoken name. heard: the words in which it was
    found. score: 0..1, how well they match (1 is exact).
    """

    kind: str
    value: str
    name: str
    heard: str
    score: float


@dataclass(frozen=True, slots=True)
class WatchlistChange:
    """A change that the reply promises. The owner of the watchlist applies it once."""

    operation: Literal["add", "remove"]
    ticker: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call.

    arguments: as given by the model. result: the text returned to the model, usually JSON. took_s: seconds. error: the
    reason for a failure, or None.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: str = ""
    took_s: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """The resources that a language model used for one reply.

    requests: number of requests to the server. first_token_s: time from the request to the first token (text or tool
    call). The token counts and the cost (in the server's currency) are None if the server does not report them.
    """

    requests: int = 1
    first_token_s: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An agent's reply.

    candidates: the best-matching entities, including those below the threshold, for tuning the threshold.
    """

    text: str
    intent: str
    entities: tuple[Entity, ...] = ()
    changes: tuple[WatchlistChange, ...] = ()
    candidates: tuple[Entity, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None


ReplyPart = str | ToolCall | WatchlistChange
"""A part of a reply that an agent yields: text of any length, a completed tool call, or a promised change."""
ReplyWriter = Generator[ReplyPart, None, Reply]
"""A reply in progress. The text of the returned Reply starts with all the text that was yielded."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A completed turn."""

    heard: str
    answer: str
    intent: str
    tickers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The agent's context: the turns of this session so far, oldest first, and the user's watchlist."""

    user_id: str = "anonymous"
    exchanges: tuple[Exchange, ...] = ()
    watchlist: tuple[str, ...] = ()

    def after(self, heard: str, reply: Reply) -> Self:
        """Return the dialogue with one more turn and the reply's changes to the watchlist."""
        tickers = tuple(entity.value for entity in reply.entities if entity.kind == "company")
        exchange = Exchange(heard, reply.text, reply.intent, tickers)
        return replace(self.changed(reply.changes), exchanges=(*self.exchanges, exchange))

    def changed(self, changes: Iterable[WatchlistChange]) -> Self:
        """Return the dialogue with these changes to the watchlist."""
        watchlist = self.watchlist
        for change in changes:
            watchlist = tuple(ticker for ticker in watchlist if ticker != change.ticker)
            if change.operation == "add":
                watchlist = (*watchlist, change.ticker)
        return replace(self, watchlist=watchlist)


class Agent(Protocol):
    """Replies to the user. A class with keyword options only, cheap to construct; `load` does the expensive work."""

    def load(self) -> EngineInfo:
        """Load the agent's data or model. Raises EngineMissingError with instructions."""

    def respond(self, heard: str, dialogue: Dialogue) -> Reply | ReplyWriter:
        """Return the reply, or a generator that yields its parts as they are written and returns the reply.

        Makes no changes itself. Calls do not overlap; generators of different users may interleave. Yield a sentence
        with the following space, so that it is spoken immediately. The pipeline closes the generator when the user
        interrupts the reply.
        """


def whole(answer: Reply | ReplyWriter) -> Reply:
    """Return the complete reply."""
    if isinstance(answer, Reply):
        return answer
    while True:
        try:
            next(answer)
        except StopIteration as end:
            reply: Reply = end.value
            return reply
