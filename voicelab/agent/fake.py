"""An agent that repeats what it heard."""

from __future__ import annotations

from voicelab.agent.base import Dialogue, Reply
from voicelab.engines import EngineInfo


class FakeAgent:
    """Deterministic: `text`, in which `{heard}` stands for what was heard and `{turn}` for the number of the turn."""

    def __init__(self, *, text: str = "Turn {turn}. You said: {heard}.", intent: str = "echo") -> None:
        self._text = text
        self._intent = intent

    def load(self) -> EngineInfo:
        return EngineInfo(
            "agent", "fake", {"text": self._text, "intent": self._intent}, revision="1", licence="Apache-2.0"
        )

    def respond(self, heard: str, dialogue: Dialogue) -> Reply:
        turn = str(len(dialogue.exchanges) + 1)
        return Reply(self._text.replace("{turn}", turn).replace("{heard}", heard), self._intent)
