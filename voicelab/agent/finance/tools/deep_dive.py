"""A closer look at the news about a company, with its price."""

from __future__ import annotations

from typing import ClassVar

from voicelab.agent.base import Dialogue
from voicelab.agent.finance.data_source import DataSource
from voicelab.agent.finance.intents import DEEP_DIVE
from voicelab.agent.finance.tools.companies import Companies, CompanyName
from voicelab.agent.finance.tools.quote import quoted
from voicelab.agent.tools import ToolArguments, ToolOutput


class DeepDiveArguments(ToolArguments):
    company: CompanyName


class DeepDiveTool:
    name: ClassVar = "deep_dive"
    description: ClassVar = (
        "A closer look at a company: its quote, the latest story, the analysis of it, and what moved the price. "
        "Also for questions why a price rose or fell."
    )
    spoken: ClassVar = "the closer look"
    intent: ClassVar = DEEP_DIVE
    reads_outside: ClassVar = True
    promises_changes: ClassVar = False
    arguments: ClassVar[type[ToolArguments]] = DeepDiveArguments

    def __init__(self, source: DataSource, companies: Companies) -> None:
        self._source = source
        self._companies = companies

    def run(self, arguments: DeepDiveArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        stories = [
            {"headline": item.headline, "analysis": item.analysis, "cause": item.cause}
            for item in self._source.news(entity.value)[:1]
        ]
        return ToolOutput({"quote": quoted(self._source, entity.value, entity.name), "news": stories}, (entity,))
