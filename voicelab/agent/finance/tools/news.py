"""The latest news about a company."""

from __future__ import annotations

from typing import ClassVar

from voicelab.agent.base import Dialogue
from voicelab.agent.finance.data_source import DataSource
from voicelab.agent.finance.intents import NEWS
from voicelab.agent.finance.tools.companies import Companies, CompanyName
from voicelab.agent.tools import ToolArguments, ToolOutput

_MOST = 3


class NewsArguments(ToolArguments):
    company: CompanyName


class NewsTool:
    name: ClassVar = "news"
    description: ClassVar = "The latest headlines about a company, with a summary of each."
    spoken: ClassVar = "looking up the news"
    intent: ClassVar = NEWS
    reads_outside: ClassVar = True
    promises_changes: ClassVar = False
    arguments: ClassVar[type[ToolArguments]] = NewsArguments

    def __init__(self, source: DataSource, companies: Companies) -> None:
        self._source = source
        self._companies = companies

    def run(self, arguments: NewsArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        stories = [
            {"published": f"{item.published}", "headline": item.headline, "summary": item.summary}
            for item in self._source.news(entity.value)[:_MOST]
        ]
        return ToolOutput({"company": entity.name, "news": stories, "source": self._source.revision}, (entity,))
