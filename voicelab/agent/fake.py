"""An agent that repeats what it heard."""

from __future__ import annotations

import time

from voicelab.agent.base import Dialogue, Reply, ReplyWriter, WatchlistChange
from voicelab.engines.spec import EngineInfo
from voicelab.text import sentences


class FakeAgent:
    """Deterministic: `text`, in which `{heard}` stands for what was heard and `{turn}` for the number of the turn.

    adds: a ticker that every reply promises to put on the watchlist. delay_s: how long it thinks. sentence_s: how long
    it writes each sentence; above 0 it yields each one as it is written.
    """

    def __init__(
        self,
        *,
        text: str = "Turn {turn}. You said: {heard}.",
        intent: str = "echo",
        adds: str | None = None,
        delay_s: float = 0.0,
        sentence_s: float = 0.0,
    ) -> None:
        self._options = {
            "text": text, "intent": intent, "adds": adds, "delay_s": delay_s, "sentence_s": sentence_s,
        }  # fmt: skip
        self._sentence_s = sentence_s
        self._text = text
        self._intent = intent
        self._changes = () if adds is None else (WatchlistChange("add", adds),)
        self._delay_s = delay_s

    def load(self) -> EngineInfo:
        return EngineInfo("agent", "fake", self._options, revision="1", licence="Apache-2.0")

    def respond(self, heard: str, dialogue: Dialogue) -> Reply | ReplyWriter:
        time.sleep(self._delay_s)
        turn = str(len(dialogue.exchanges) + 1)
        text = self._text.replace("{turn}", turn).replace("{heard}", heard)
        if self._sentence_s:
            return self._write(text)
        return Reply(text, self._intent, changes=self._changes)

    def _write(self, text: str) -> ReplyWriter:
        written = ""
        for sentence in sentences(text):
            time.sleep(self._sentence_s)
            written += f"{sentence} "
            yield f"{sentence} "
        return Reply(written, self._intent, changes=self._changes)
