"""Tools that read quotes and news, whose texts come from outside."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from voicelab.agent.base import Dialogue
from voicelab.agent.finance.data_source import DataSource
from voicelab.agent.finance.intents import DEEP_DIVE, NEWS, PRICE
from voicelab.agent.finance.tools.companies import Companies, CompanyArguments, CompanyName
from voicelab.agent.tools import ToolArguments, ToolOutput

_MOST_NEWS = 3


class _MarketTool:
    reads_outside: ClassVar = True
    promises_changes: ClassVar = False
    arguments: ClassVar[type[ToolArguments]] = CompanyArguments

    def __init__(self, source: DataSource, companies: Companies) -> None:
        self._source = source
        self._companies = companies

    def _quoted(self, ticker: str, name: str) -> dict[str, Any]:
        """Return a quote in the format for the model."""
        quote = self._source.quote(ticker)
        return {
            "company": name,
            **quote.model_dump(),
            "change_percent": round(quote.change_percent, 2),
            "source": self._source.revision,
        }


class QuoteTool(_MarketTool):
    name: ClassVar = "quote"
    description: ClassVar = "The price of a company's share, its change since the close before, the day's range."
    spoken: ClassVar = "looking up the price"
    intent: ClassVar = PRICE

    def run(self, arguments: CompanyArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        return ToolOutput(self._quoted(entity.value, entity.name), (entity,))


class NewsTool(_MarketTool):
    name: ClassVar = "news"
    description: ClassVar = "The latest headlines about a company, with a summary of each."
    spoken: ClassVar = "looking up the news"
    intent: ClassVar = NEWS

    def run(self, arguments: CompanyArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        stories = [
            {"published": f"{item.published}", "headline": item.headline, "summary": item.summary}
            for item in self._source.news(entity.value)[:_MOST_NEWS]
        ]
        return ToolOutput({"company": entity.name, "news": stories, "source": self._source.revision}, (entity,))


class CompareArguments(ToolArguments):
    companies: Annotated[list[CompanyName], Field(min_length=2, max_length=5, description="the companies to compare")]


class CompareTool(_MarketTool):
    name: ClassVar = "compare"
    description: ClassVar = "The quotes of two to five companies side by side."
    spoken: ClassVar = "the comparison"
    intent: ClassVar = PRICE
    arguments: ClassVar[type[ToolArguments]] = CompareArguments

    def run(self, arguments: CompareArguments, dialogue: Dialogue) -> ToolOutput:
        entities = tuple(self._companies.find(named) for named in arguments.companies)
        return ToolOutput({"quotes": [self._quoted(entity.value, entity.name) for entity in entities]}, entities)


class DeepDiveTool(_MarketTool):
    name: ClassVar = "deep_dive"
    description: ClassVar = (
        "A closer look at a company: its quote, the latest story, the analysis of it, and what moved the price. "
        "Also for questions why a price rose or fell."
    )
    spoken: ClassVar = "the closer look"
    intent: ClassVar = DEEP_DIVE

    def run(self, arguments: CompanyArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        stories = [
            {"headline": item.headline, "analysis": item.analysis, "cause": item.cause}
            for item in self._source.news(entity.value)[:1]
        ]
        return ToolOutput({"quote": self._quoted(entity.value, entity.name), "news": stories}, (entity,))
