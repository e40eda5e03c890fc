"""Add a company to the user's watchlist."""

from __future__ import annotations

from typing import ClassVar

from voicelab.agent.base import Dialogue, WatchlistChange
from voicelab.agent.finance.intents import WATCHLIST_ADD
from voicelab.agent.finance.tools.companies import Companies, CompanyName
from voicelab.agent.tools import ToolArguments, ToolOutput


class WatchlistAddArguments(ToolArguments):
    company: CompanyName


class WatchlistAddTool:
    """Promises the change. The owner of the watchlist applies it after the reply was spoken."""

    name: ClassVar = "watchlist_add"
    description: ClassVar = "Put a company on the user's watchlist. Only when the user asks for it."
    spoken: ClassVar = "adding it to your watchlist"
    intent: ClassVar = WATCHLIST_ADD
    reads_outside: ClassVar = False
    promises_changes: ClassVar = True
    arguments: ClassVar[type[ToolArguments]] = WatchlistAddArguments

    def __init__(self, companies: Companies) -> None:
        self._companies = companies

    def run(self, arguments: WatchlistAddArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        if entity.value in dialogue.watchlist:
            return ToolOutput({"company": entity.name, "result": "already on the watchlist"}, (entity,))
        change = WatchlistChange("add", entity.value)
        return ToolOutput({"company": entity.name, "result": "added"}, (entity,), (change,))
