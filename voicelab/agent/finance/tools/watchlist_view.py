"""List the user's watchlist."""

from __future__ import annotations

from typing import ClassVar

from voicelab.agent.base import Dialogue
from voicelab.agent.finance.intents import WATCHLIST_VIEW
from voicelab.agent.finance.tools.companies import Companies
from voicelab.agent.tools import ToolArguments, ToolOutput


class WatchlistViewArguments(ToolArguments):
    pass


class WatchlistViewTool:
    name: ClassVar = "watchlist_view"
    description: ClassVar = "The companies on the user's watchlist, in the order in which they were added."
    spoken: ClassVar = "reading your watchlist"
    intent: ClassVar = WATCHLIST_VIEW
    reads_outside: ClassVar = False
    promises_changes: ClassVar = False
    arguments: ClassVar[type[ToolArguments]] = WatchlistViewArguments

    def __init__(self, companies: Companies) -> None:
        self._companies = companies

    def run(self, arguments: WatchlistViewArguments, dialogue: Dialogue) -> ToolOutput:
        known = self._companies.known
        listed = [
            {"ticker": ticker, "company": known[ticker].name if ticker in known else ticker}
            for ticker in dialogue.watchlist
        ]
        return ToolOutput({"watchlist": listed})
