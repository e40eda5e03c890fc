"""Sources of quotes and news: sample data, or live data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from voicelab.agent.finance.market import Company, Market, NewsItem, Quote


class DataSource(Protocol):
    """Quotes and news by ticker. Methods raise ToolError if the data is not available.

    revision: the name and date of the data. companies: the known companies, by ticker.
    """

    revision: str
    companies: Mapping[str, Company]

    def quote(self, ticker: str) -> Quote: ...

    def news(self, ticker: str) -> tuple[NewsItem, ...]:
        """Return the company's news, newest first."""


class SampleData:
    """Market data from a folder (None: the shipped sample data). Raises InputError."""

    def __init__(self, folder: Path | None = None) -> None:
        self._market = Market.load(folder)
        self.revision = f"market data of {self._market.as_of}"
        self.companies: Mapping[str, Company] = self._market.companies

    def quote(self, ticker: str) -> Quote:
        return self._market.quotes[ticker]

    def news(self, ticker: str) -> tuple[NewsItem, ...]:
        return self._market.news[ticker]


def data_source(data: str | None) -> DataSource:
    """Return the source for `live`, a folder with companies.json, quotes.json and news.json, or None (sample data)."""
    if data == "live":
        from voicelab.agent.finance.live import LiveData

        return LiveData()
    return SampleData(Path(data) if data else None)
