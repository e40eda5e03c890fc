"""Tools for the user's watchlist. They promise a change; the owner of the watchlist applies it after the reply."""

from typing import ClassVar, Literal

from voicelab.agent.base import Dialogue, WatchlistChange
from voicelab.agent.finance.intents import WATCHLIST_ADD, WATCHLIST_REMOVE, WATCHLIST_VIEW
from voicelab.agent.finance.tools.companies import Companies, CompanyArguments
from voicelab.agent.tools import ToolArguments, ToolOutput


class _WatchlistTool:
    reads_outside: ClassVar = False

    def __init__(self, companies: Companies) -> None:
        self._companies = companies


class _ChangeTool(_WatchlistTool):
    """done, unchanged: the results for the model if the watchlist changes, and if it does not."""

    promises_changes: ClassVar = True
    arguments: ClassVar[type[ToolArguments]] = CompanyArguments
    operation: ClassVar[Literal["add", "remove"]]
    done: ClassVar[str]
    unchanged: ClassVar[str]

    def run(self, arguments: CompanyArguments, dialogue: Dialogue) -> ToolOutput:
        entity = self._companies.find(arguments.company)
        if (entity.value in dialogue.watchlist) == (self.operation == "add"):
            return ToolOutput({"company": entity.name, "result": self.unchanged}, (entity,))
        change = WatchlistChange(self.operation, entity.value)
        return ToolOutput({"company": entity.name, "result": self.done}, (entity,), (change,))


class WatchlistAddTool(_ChangeTool):
    name: ClassVar = "watchlist_add"
    description: ClassVar = "Put a company on the user's watchlist. Only when the user asks for it."
    spoken: ClassVar = "adding it to your watchlist"
    intent: ClassVar = WATCHLIST_ADD
    operation = "add"
    done, unchanged = "added", "already on the watchlist"


class WatchlistRemoveTool(_ChangeTool):
    name: ClassVar = "watchlist_remove"
    description: ClassVar = "Take a company off the user's watchlist. Only when the user asks for it."
    spoken: ClassVar = "removing it from your watchlist"
    intent: ClassVar = WATCHLIST_REMOVE
    operation = "remove"
    done, unchanged = "removed", "not on the watchlist"


class WatchlistViewArguments(ToolArguments):
    pass


class WatchlistViewTool(_WatchlistTool):
    name: ClassVar = "watchlist_view"
    description: ClassVar = "The companies on the user's watchlist, in the order in which they were added."
    spoken: ClassVar = "reading your watchlist"
    intent: ClassVar = WATCHLIST_VIEW
    promises_changes: ClassVar = False
    arguments: ClassVar[type[ToolArguments]] = WatchlistViewArguments

    def run(self, arguments: WatchlistViewArguments, dialogue: Dialogue) -> ToolOutput:
        known = self._companies.known
        listed = [
            {"ticker": ticker, "company": known[ticker].name if ticker in known else ticker}
            for ticker in dialogue.watchlist
        ]
        return ToolOutput({"watchlist": listed})
