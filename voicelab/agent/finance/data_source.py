"""Where quotes and news come from: the sample data, or live."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from voicelab.agent.finance.market import Company, Market, NewsItem, Quote


class DataSource(Protocol):
    """Quotes and news by ticker. A method raises ToolError where there is nothing to be had."""

    @property
    def revision(self) -> str:
        """What the data is, and of when."""

    @property
    def companies(self) -> Mapping[str, Company]:
        """The companies that are known by name, by ticker."""

    def quote(self, ticker: str) -> Quote: ...

    def news(self, ticker: str) -> tuple[NewsItem, ...]:
        """Newest first; none where there is none."""


class SampleData:
    """The sample market data of a folder (None: the data that comes with voicelab). Raises InputError."""

    def __init__(self, folder: Path | None = None) -> None:
        self._market = Market.load(folder)

    @property
    def revision(self) -> str:
        return f"market data of {self._market.as_of}"

    @property
    def companies(self) -> Mapping[str, Company]:
        return self._market.companies

    def quote(self, ticker: str) -> Quote:
        return self._market.quotes[ticker]

    def news(self, ticker: str) -> tuple[NewsItem, ...]:
        return self._market.news[ticker]


def data_source(data: str | None) -> DataSource:
    """`live`, a folder with companies.json, quotes.json and news.json, or None for the sample data."""
    if data == "live":
        from voicelab.agent.finance.live import LiveData

        return LiveData()
    return SampleData(Path(data) if data else None)
