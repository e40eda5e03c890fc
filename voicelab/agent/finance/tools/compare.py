"""The quotes of several companies side by side."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from voicelab.agent.base import Dialogue
from voicelab.agent.finance.data_source import DataSource
from voicelab.agent.finance.intents import PRICE
from voicelab.agent.finance.tools.companies import Companies, CompanyName
from voicelab.agent.finance.tools.quote import quoted
from voicelab.agent.tools import ToolArguments, ToolOutput


class CompareArguments(ToolArguments):
    companies: Annotated[list[CompanyName], Field(min_length=2, max_length=5, description="the companies to compare")]


class CompareTool:
    name: ClassVar = "compare"
    description: ClassVar = "The quotes of two to five companies side by side."
    spoken: ClassVar = "the comparison"
    intent: ClassVar = PRICE
    reads_outside: ClassVar = True
    promises_changes: ClassVar = False
    arguments: ClassVar[type[ToolArguments]] = CompareArguments

    def __init__(self, source: DataSource, companies: Companies) -> None:
        self._source = source
        self._companies = companies

    def run(self, arguments: CompareArguments, dialogue: Dialogue) -> ToolOutput:
        entities = tuple(self._companies.find(named) for named in arguments.companies)
        quotes = [quoted(self._source, entity.value, entity.name) for entity in entities]
        return ToolOutput({"quotes": quotes}, entities)
