"""An agent that repeats the user's words."""

import time
from dataclasses import asdict, dataclass

from voicelab.agent.base import Dialogue, Reply, ReplyWriter, WatchlistChange
from voicelab.engines.spec import EngineInfo
from voicelab.text import sentences


@dataclass(kw_only=True, eq=False, repr=False)
class FakeAgent:
    """Replies with `text`, in which `{heard}` is replaced by the user's words and `{turn}` by the number of the turn.

    adds: a ticker that every reply adds to the watchlist. delay_s: time before the reply. sentence_s: time for each
    sentence; above 0, sentences are yielded one by one.
    """

    text: str = "Turn {turn}. You said: {heard}."
    intent: str = "echo"
    adds: str | None = None
    delay_s: float = 0.0
    sentence_s: float = 0.0

    @property
    def _changes(self) -> tuple[WatchlistChange, ...]:
        return () if self.adds is None else (WatchlistChange("add", self.adds),)

    def load(self) -> EngineInfo:
        return EngineInfo("agent", "fake", asdict(self), revision="1", licence="Apache-2.0")

    def respond(self, heard: str, dialogue: Dialogue) -> Reply | ReplyWriter:
        time.sleep(self.delay_s)
        turn = str(len(dialogue.exchanges) + 1)
        text = self.text.replace("{turn}", turn).replace("{heard}", heard)
        if self.sentence_s:
            return self._write(text)
        return Reply(text, self.intent, changes=self._changes)

    def _write(self, text: str) -> ReplyWriter:
        written = ""
        for sentence in sentences(text):
            time.sleep(self.sentence_s)
            written += f"{sentence} "
            yield f"{sentence} "
        return Reply(written, self.intent, changes=self._changes)
