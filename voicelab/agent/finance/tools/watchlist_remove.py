"""Remove a company from the user's watchlist."""

from __future__ import annotations

from typing import ClassVar

from voicelab.agent.base import Dialogue, WatchlistChange
from voicelab.agent.finance.intents import WATCHLIST_REMOVE
from voicelab.agent.finance.tools.companies import Companies, CompanyName
from voicelab.agent.tools import ToolArguments, ToolOutput


class WatchlistRemoveArguments(ToolArguments):
    company: CompanyName


class WatchlistRemoveTool:
    """Promises the change. The owner of the watchlist applies it after the reply was spoken."""

    name: ClassVar = "watchlist_remove"
    description: ClassVar = "Take a company off the user's watchlist. Only when the user asks for it."
    spoken: ClassVar = "removing it from your watchlist"
    intent: ClassVar = WATCHLIST_REMOVE
    reads_outside: ClassVar = False
    promises_changes: ClassVar = True
    arguments: ClassVar[type[ToolArguments]] = WatchlistRemoveArguments

    def __init__(self, companies: Companies) -> None:
        self._companies = companies

    def run(self, arguments: WatchlistRemoveArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        if entity.value not in dialogue.watchlist:
            return ToolOutput({"company": entity.name, "result": "not on the watchlist"}, (entity,))
        change = WatchlistChange("remove", entity.value)
        return ToolOutput({"company": entity.name, "result": "removed"}, (entity,), (change,))
