"""An agent that repeats what it heard."""

from __future__ import annotations

import time

from voicelab.agent.base import Dialogue, Reply, WatchlistChange
from voicelab.engines.spec import EngineInfo


class FakeAgent:
    """Deterministic: `text`, in which `{heard}` stands for what was heard and `{turn}` for the number of the turn.

    adds: a ticker that every reply promises to put on the watchlist. delay_s: how long it thinks.
    """

    def __init__(
        self,
        *,
        text: str = "Turn {turn}. You said: {heard}.",
        intent: str = "echo",
        adds: str | None = None,
        delay_s: float = 0.0,
    ) -> None:
        self._options = {"text": text, "intent": intent, "adds": adds, "delay_s": delay_s}
        self._text = text
        self._intent = intent
        self._changes = () if adds is None else (WatchlistChange("add", adds),)
        self._delay_s = delay_s

    def load(self) -> EngineInfo:
        return EngineInfo("agent", "fake", self._options, revision="1", licence="Apache-2.0")

    def respond(self, heard: str, dialogue: Dialogue) -> Reply:
        time.sleep(self._delay_s)
        turn = str(len(dialogue.exchanges) + 1)
        text = self._text.replace("{turn}", turn).replace("{heard}", heard)
        return Reply(text, self._intent, changes=self._changes)
