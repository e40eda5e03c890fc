"""An agent that repeats the recorded replies of another one. Its runs need no API key and are reproducible."""

import hashlib
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from voicelab.agent.base import Dialogue, Reply, ReplyWriter
from voicelab.agent.recording import FILE_NAME, RecordedTurn, key, read
from voicelab.engines.spec import EngineInfo
from voicelab.errors import EngineError
from voicelab.text import sentences


@dataclass(kw_only=True, eq=False, repr=False)
class ReplayAgent:
    """The replaying agent. file: an agent.jsonl, or a run's folder. timing: reproduce the delays of the recorded agent.

    A turn is identified by the user's words in it and in the previous turns. If it was recorded several times, the
    replies are used in order, and the last one is repeated. Tools are not run; their recorded results are returned.
    """

    file: str
    timing: bool = True

    def __post_init__(self) -> None:
        self._turns: dict[tuple[str, ...], list[RecordedTurn]] = {}
        self._given: Counter[tuple[str, ...]] = Counter()
        self._lock = threading.Lock()

    def load(self) -> EngineInfo:
        path = Path(self.file)
        turns = read(path)
        for turn in turns:
            self._turns.setdefault(turn.key, []).append(turn)
        data = (path / FILE_NAME if path.is_dir() else path).read_bytes()
        revision = f"{len(turns)} recorded turns, sha256 {hashlib.sha256(data).hexdigest()[:12]}"
        return EngineInfo("agent", "replay", asdict(self), revision, licence="as recorded")

    def respond(self, heard: str, dialogue: Dialogue) -> Reply | ReplyWriter:
        turn = self._found(heard, dialogue)
        if not self.timing:
            return turn.reply
        first_s, text_s = turn.first_s or 0.0, turn.text_s or 0.0
        if text_s > first_s:
            return _write(turn, first_s, text_s)
        time.sleep(first_s)
        return turn.reply

    def _found(self, heard: str, dialogue: Dialogue) -> RecordedTurn:
        wanted = key(heard, [exchange.heard for exchange in dialogue.exchanges])
        recorded = self._turns.get(wanted)
        if recorded is None:
            after = f" after {wanted[-2]!r}" if len(wanted) > 1 else ""
            raise EngineError("replay", f"{self.file} has no recorded turn for {heard!r}{after}; record it first")
        with self._lock:
            number = self._given[wanted]
            self._given[wanted] += 1
        return recorded[min(number, len(recorded) - 1)]


def _write(turn: RecordedTurn, first_s: float, text_s: float) -> ReplyWriter:
    """Yield the first sentence after first_s, the last after text_s, and the others evenly in between."""
    reply = turn.reply
    time.sleep(first_s)
    yield from reply.tool_calls
    yield from reply.changes
    found, start = sentences(reply.text), 0
    for number, sentence in enumerate(found):
        if number:
            time.sleep((text_s - first_s) / (len(found) - 1))
        # With the following space, so that it is spoken immediately.
        end = reply.text.index(sentence, start) + len(sentence)
        end += len(reply.text[end:]) - len(reply.text[end:].lstrip())
        yield reply.text[start:end]
        start = end
    return reply
