"""Current quotes and news from Yahoo Finance through yfinance (extra `live`).

Yahoo's terms allow personal use, not redistribution. The data is cached in memory for a short time and never written to
a file.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from time import monotonic
from typing import Any, Generic, TypeVar

from voicelab.agent.finance.market import Company, Market, NewsItem, Quote
from voicelab.agent.tools import ToolError
from voicelab.engines.spec import package_revision
from voicelab.errors import EngineMissingError

QUOTE_KEPT_S = 60.0
NEWS_KEPT_S = 600.0
_MOST_NEWS = 5

_Value = TypeVar("_Value")


class LiveData:
    """Live quotes and news. ticker: a replacement for yfinance.Ticker; None uses yfinance.

    The names of companies come from the sample data.
    """

    def __init__(self, ticker: Callable[[str], Any] | None = None) -> None:
        self._ticker = ticker or _yfinance().Ticker
        self.revision = f"live quotes and news of Yahoo Finance, {package_revision('yfinance')}"
        self.companies: Mapping[str, Company] = Market.load().companies
        self._quotes: Cache[Quote] = Cache(QUOTE_KEPT_S)
        self._news: Cache[tuple[NewsItem, ...]] = Cache(NEWS_KEPT_S)

    def quote(self, ticker: str) -> Quote:
        return self._quotes.get(ticker, lambda: self._fetch_quote(ticker))

    def news(self, ticker: str) -> tuple[NewsItem, ...]:
        return self._news.get(ticker, lambda: self._fetch_news(ticker))

    def _fetch_quote(self, ticker: str) -> Quote:
        try:
            found = self._ticker(ticker).fast_info
            return Quote(
                ticker=ticker,
                currency=found["currency"],
                price=found["lastPrice"],
                previous_close=found["previousClose"],
                day_low=found["dayLow"],
                day_high=found["dayHigh"],
                volume=int(found["lastVolume"]),
            )
        except Exception as error:
            raise ToolError(f"Yahoo Finance has no quote for {ticker}: {error}") from error

    def _fetch_news(self, ticker: str) -> tuple[NewsItem, ...]:
        try:
            found = self._ticker(ticker).news[:_MOST_NEWS]
        except Exception as error:
            raise ToolError(f"Yahoo Finance has no news about {ticker}: {error}") from error
        stories = [one.get("content") or {} for one in found]
        return tuple(_item(ticker, number, story) for number, story in enumerate(stories) if story.get("title"))


class Cache(Generic[_Value]):
    """A thread-safe cache whose values expire after some seconds."""

    def __init__(self, kept_s: float) -> None:
        self._kept_s = kept_s
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, _Value]] = {}

    def get(self, key: str, fetch: Callable[[], _Value]) -> _Value:
        """Return the cached value, or the result of `fetch`. Exceptions are not cached."""
        with self._lock:
            kept = self._values.get(key)
        if kept is not None and monotonic() < kept[0]:
            return kept[1]
        value = fetch()
        with self._lock:
            self._values[key] = (monotonic() + self._kept_s, value)
        return value


def _item(ticker: str, number: int, story: Mapping[str, Any]) -> NewsItem:
    summary = str(story.get("summary") or "")
    return NewsItem(
        id=str(story.get("id") or f"{ticker}-{number}"),
        ticker=ticker,
        published=_day(story.get("pubDate")),
        headline=str(story["title"]),
        summary=summary,
        analysis=str(story.get("description") or summary),
        cause="",
    )


def _day(written: object) -> date:
    try:
        return datetime.fromisoformat(str(written)).date()
    except ValueError:
        return datetime.now(UTC).date()


def _yfinance() -> Any:
    try:
        import yfinance
    except ImportError as error:
        raise EngineMissingError("finance tools", f"{error}; run: pip install 'voicelab[live]'") from error
    return yfinance
