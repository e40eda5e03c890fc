"""Companies, quotes and news: sample data written for this project."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicelab.errors import InputError
from voicelab.paths import shipped


class _MarketRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Company(_MarketRow):
    """A listed company. aliases: other spoken or written forms of its name."""

    ticker: Annotated[str, Field(pattern=r"^[A-Z.]{1,6}$")]
    name: str
    aliases: tuple[str, ...] = ()
    sector: str


class Quote(_MarketRow):
    """A price in `currency`, with the day's range and the volume in shares."""

    ticker: str
    currency: str
    price: float
    previous_close: float
    day_low: float
    day_high: float
    volume: int

    @property
    def change_percent(self) -> float:
        return 100 * (self.price - self.previous_close) / self.previous_close


class NewsItem(_MarketRow):
    """A news story, with an analysis and its effect on the price."""

    id: str
    ticker: str
    published: date
    headline: str
    summary: str
    analysis: str
    cause: str


class _MarketFile(_MarketRow):
    format_version: int
    as_of: date
    note: str


class _CompanyFile(_MarketFile):
    companies: tuple[Company, ...]


class _QuoteFile(_MarketFile):
    quotes: tuple[Quote, ...]


class _NewsFile(_MarketFile):
    items: tuple[NewsItem, ...]


_File = TypeVar("_File", bound=_MarketFile)


@dataclass(frozen=True, slots=True)
class Market:
    """Companies and quotes by ticker; news by ticker, newest first."""

    as_of: date
    companies: dict[str, Company]
    quotes: dict[str, Quote]
    news: dict[str, tuple[NewsItem, ...]]

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Read the three files of a folder; by default the shipped data. Raises InputError that names the fault."""
        folder = folder or shipped("market")
        companies = _read(folder / "companies.json", _CompanyFile)
        quotes = _read(folder / "quotes.json", _QuoteFile)
        news = _read(folder / "news.json", _NewsFile)
        by_ticker: dict[str, list[NewsItem]] = {company.ticker: [] for company in companies.companies}
        known = set(by_ticker)
        mentioned = {quote.ticker for quote in quotes.quotes} | {item.ticker for item in news.items}
        if strangers := mentioned - known:
            listed = ", ".join(sorted(strangers))
            raise InputError(f"{folder}: {listed} has a quote or news but is not in companies.json")
        if missing := known - {quote.ticker for quote in quotes.quotes}:
            raise InputError(f"{folder / 'quotes.json'}: no quote for {', '.join(sorted(missing))}")
        for item in sorted(news.items, key=lambda item: item.published, reverse=True):
            by_ticker[item.ticker].append(item)
        return cls(
            quotes.as_of,
            {company.ticker: company for company in companies.companies},
            {quote.ticker: quote for quote in quotes.quotes},
            {ticker: tuple(items) for ticker, items in by_ticker.items()},
        )

    def forms(self) -> dict[str, tuple[str, ...]]:
        """All names of each company, by ticker."""
        return {ticker: (company.name, ticker, *company.aliases) for ticker, company in self.companies.items()}


def _read(path: Path, model: type[_File]) -> _File:
    try:
        return model.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: {where}: {first['msg']}") from error
