"""The price of one share."""

from __future__ import annotations

from typing import Any, ClassVar

from voicelab.agent.base import Dialogue
from voicelab.agent.finance.data_source import DataSource
from voicelab.agent.finance.intents import PRICE
from voicelab.agent.finance.tools.companies import Companies, CompanyName
from voicelab.agent.tools import ToolArguments, ToolOutput


class QuoteArguments(ToolArguments):
    company: CompanyName


class QuoteTool:
    name: ClassVar = "quote"
    description: ClassVar = "The price of a company's share, its change since the close before, the day's range."
    spoken: ClassVar = "looking up the price"
    intent: ClassVar = PRICE
    reads_outside: ClassVar = True
    promises_changes: ClassVar = False
    arguments: ClassVar[type[ToolArguments]] = QuoteArguments

    def __init__(self, source: DataSource, companies: Companies) -> None:
        self._source = source
        self._companies = companies

    def run(self, arguments: QuoteArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        return ToolOutput(quoted(self._source, entity.value, entity.name), (entity,))


def quoted(source: DataSource, ticker: str, name: str) -> dict[str, Any]:
    """Return a quote in the format for the model."""
    quote = source.quote(ticker)
    return {
        "company": name,
        **quote.model_dump(),
        "change_percent": round(quote.change_percent, 2),
        "source": source.revision,
    }
