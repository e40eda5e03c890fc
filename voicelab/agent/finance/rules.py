"""A rule-based agent: keyword intents, company linking, dialogue context, and answers from the market data."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from voicelab.agent.base import Dialogue, Entity, Reply, WatchlistChange
from voicelab.agent.finance import intents
from voicelab.agent.finance.linking import CompanyLinker
from voicelab.agent.finance.market import Company, Market
from voicelab.engines.spec import EngineInfo, package_revision

_QUESTIONS = {
    intents.PRICE: "Which company's stock price would you like to know?",
    intents.WATCHLIST_ADD: "Which company shall I add to your watchlist?",
    intents.WATCHLIST_REMOVE: "Which company shall I remove from your watchlist?",
    intents.DEEP_DIVE: "Which company shall I take a deeper look at?",
    intents.FOLLOW_UP: "I am not sure what that is about. Ask me about a company first.",
}
"""The replies to requests about a company if neither they nor earlier turns name one."""
_CHANGED = {"add": "I added {}, to your watchlist.", "remove": "I removed {}, from your watchlist."}
_UNCHANGED = {
    "add": "{}, is already on your watchlist.",
    "remove": "{}, is not on your watchlist, so there is nothing to remove.",
}


@dataclass(kw_only=True, eq=False, repr=False)
class RulesAgent:
    """The rule-based agent. threshold: minimum score (0..1) at which words name a company.

    market: a folder with companies.json, quotes.json and news.json; none: the shipped data.
    """

    threshold: float = 0.8
    market: str | None = None

    def __post_init__(self) -> None:
        self._market: Market
        self._linker: CompanyLinker
        self._told: dict[str, Callable[[Company], str]] = {
            intents.PRICE: self._price,
            intents.NEWS: self._news,
            intents.DEEP_DIVE: self._deep_dive,
            intents.FOLLOW_UP: self._follow_up,
        }
        self._answers: dict[str, Callable[[list[Entity], Dialogue], Reply]] = {
            intents.NEWS: self._newest,
            intents.WATCHLIST_ADD: partial(self._change, "add"),
            intents.WATCHLIST_REMOVE: partial(self._change, "remove"),
            intents.WATCHLIST_VIEW: self._view,
            intents.UNKNOWN: self._unknown,
        }

    def load(self) -> EngineInfo:
        self._market = Market.load(Path(self.market) if self.market else None)
        self._linker = CompanyLinker(self._market.companies)
        self.respond("what is the price of apple", Dialogue())
        revision = f"{package_revision('rapidfuzz', 'jellyfish')}, market data of {self._market.as_of}"
        return EngineInfo("agent", "rules", asdict(self), revision, licence="Apache-2.0")

    def respond(self, heard: str, dialogue: Dialogue) -> Reply:
        candidates = self._linker.candidates(heard)
        companies = [entity for entity in candidates if entity.score >= self.threshold]
        intent = intents.classify(heard, named=bool(companies), has_context=bool(dialogue.exchanges))
        subjects = companies if intent == intents.UNKNOWN else companies or self._in_focus(dialogue)
        if subjects and intent in self._told:
            texts = [self._told[intent](self._company(entity)) for entity in subjects]
            reply = Reply(" ".join(texts), intent, tuple(subjects))
        elif not subjects and intent in _QUESTIONS:
            reply = Reply(_QUESTIONS[intent], intent)
        else:
            reply = self._answers[intent](subjects, dialogue)
        return replace(reply, candidates=tuple(candidates[:3]))

    # One method per intent about companies: from one of them to its part of the reply.

    def _price(self, company: Company) -> str:
        quote = self._market.quotes[company.ticker]
        way = "up" if quote.change_percent >= 0 else "down"
        return (
            f"{_titled(company)}, has a stock price of {quote.price:.2f} dollars, "
            f"{way} {abs(quote.change_percent):.1f} percent from the close before. "
            f"That is a sample quote of {self._market.as_of:%B} {self._market.as_of.day}."
        )

    def _news(self, company: Company) -> str:
        items = self._market.news[company.ticker]
        if not items:
            return f"I have no news about {_titled(company)}."
        return f"Here is the latest news about {_titled(company)}. {items[0].headline}. {items[0].summary}"

    def _deep_dive(self, company: Company) -> str:
        items = self._market.news[company.ticker]
        body = " ".join(item.analysis for item in items[:1]) or "I have no news to analyse."
        return f"Here is a deeper analysis of the news about {_titled(company)}. {body}"

    def _follow_up(self, company: Company) -> str:
        quote, items = self._market.quotes[company.ticker], self._market.news[company.ticker]
        way = "up" if quote.change_percent >= 0 else "down"
        why = items[0].cause if items else "I have no news that explains it."
        return (
            f"The price movement of {_titled(company)}, was {abs(quote.change_percent):.1f} percent {way}. "
            f"This is more about what caused it. {why}"
        )

    # One method per other intent: from the companies in question and the dialogue so far to the reply.

    def _newest(self, _companies: list[Entity], _dialogue: Dialogue) -> Reply:
        newest = max((items[0] for items in self._market.news.values() if items), key=lambda item: item.published)
        company = self._market.companies[newest.ticker]
        entity = Entity("company", company.ticker, company.name, "", 1.0)
        text = f"The latest news in the market is about {_titled(company)}. {newest.headline}."
        return Reply(text, intents.NEWS, (entity,))

    def _change(self, operation: Literal["add", "remove"], subjects: list[Entity], dialogue: Dialogue) -> Reply:
        changing = [entity for entity in subjects if (entity.value in dialogue.watchlist) == (operation == "remove")]
        texts = [
            (_CHANGED if entity in changing else _UNCHANGED)[operation].format(_titled(self._company(entity)))
            for entity in subjects
        ]
        changes = tuple(WatchlistChange(operation, entity.value) for entity in changing)
        return Reply(" ".join(texts), f"watchlist_{operation}", tuple(subjects), changes)

    def _view(self, _companies: list[Entity], dialogue: Dialogue) -> Reply:
        if not dialogue.watchlist:
            text = "There is nothing to show: your watchlist is empty. Say, add Apple to my watchlist."
            return Reply(text, intents.WATCHLIST_VIEW)
        lines = []
        for ticker in dialogue.watchlist:
            company = self._market.companies.get(ticker)
            if company is None:
                lines.append(f"{ticker}, which I have no data on.")
            else:
                lines.append(f"{_titled(company)}, at {self._market.quotes[ticker].price:.2f} dollars.")
        count = len(lines)
        noun = "company" if count == 1 else "companies"
        return Reply(f"Your watchlist shows {count} {noun}. " + " ".join(lines), intents.WATCHLIST_VIEW)

    def _unknown(self, companies: list[Entity], _dialogue: Dialogue) -> Reply:
        if companies:
            company = self._company(companies[0])
            text = f"What would you like to know about {_titled(company)}? I can give the price or the latest news."
            return Reply(text, intents.UNKNOWN, tuple(companies))
        text = "I can help with stock prices, company news and your watchlist. What would you like to know?"
        return Reply(text, intents.UNKNOWN)

    def _company(self, entity: Entity) -> Company:
        return self._market.companies[entity.value]

    def _in_focus(self, dialogue: Dialogue) -> list[Entity]:
        """Return the companies of the last turn that named any, marked as not heard in this turn."""
        for exchange in reversed(dialogue.exchanges):
            known = [self._market.companies[ticker] for ticker in exchange.tickers if ticker in self._market.companies]
            if known:
                return [Entity("company", company.ticker, company.name, "", 1.0) for company in known]
        return []


def _titled(company: Company) -> str:
    """Return the name with its ticker, unless they are the same word."""
    return company.name if company.name == company.ticker else f"{company.name}, ticker {company.ticker}"
