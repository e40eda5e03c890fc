"""What a run asks for, what each turn gave, and the folder that both are kept in.

reports/<run_id>/: run.json (what made it), turns.jsonl (a line as each turn ends), audio/ (the replies), and what
report.py makes of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from voicelab.conditions.condition import Condition
from voicelab.datasets.file_names import file_name
from voicelab.datasets.text_files import read_text, split_lines
from voicelab.errors import InputError
from voicelab.wire import Mode

FORMAT_VERSION = 1
"""Of run.json and turns.jsonl; a reader of another version refuses them."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunSpec(_Record):
    """Everything that decides what a run measures.

    target: "server" (one that the run starts itself), "in-process", or the address of a running server
    (http://host:port). asr, agent and tts are None only with an address: then they are what that server has.
    condition: what is done to each recording before it is sent; None: nothing.
    """

    samples: str
    asr: str | None = "pocketsphinx"
    agent: str | None = "rules"
    tts: str | None = "espeak"
    mode: Mode = "burst"
    target: str = "server"
    limit: int | None = None
    categories: tuple[str, ...] = ()
    normalizer: str = "english"
    seed: int = 0
    draws: int = 2000
    timeout_s: float = 30.0
    condition: Condition | None = None


class EngineUsed(_Record):
    """An engine as it was really loaded."""

    kind: str
    name: str
    options: dict[str, str | int | float | bool | None]
    revision: str
    device: str
    licence: str
    load_s: float
    lanes: int


class Failure(_Record):
    """Why a turn has no reply: a stable code, and a sentence."""

    code: str
    message: str


class Sent(_Record):
    """What was sent instead of the recording. sha256: of those bytes. speech_dbfs: the active level of the recording.

    scale_db: what all of it was scaled by to stay within full scale. packets, lost, kbps: of Opus, where it was used.
    """

    sha256: str
    speech_dbfs: float | None
    scale_db: float
    packets: int | None = None
    lost: int | None = None
    kbps: float | None = None


class SentSegment(_Record):
    """The part of a recording that was sent. sha256: of the bytes; encoding: their container and codec."""

    offset_s: float
    duration_s: float
    sha256: str
    encoding: str


class TurnResult(_Record):
    """One turn of a run.

    key: unique in the run. primary: the one turn that counts for this sample in the figures; the others replay it in
    a scenario. cold: the first turn after engines were loaded. segment: the part of the recording that was sent; None
    where that was all of it, or a condition was applied. Instants are seconds from the end of the request's sound
    (docs/measures.md); None where the turn did not get so far. heard is "" when the recognizer heard nothing.
    """

    key: str
    sample_id: str
    scenario_id: str | None = None
    turn_number: int = 1
    primary: bool = True
    cold: bool = False
    category: str
    speaker: str | None = None
    text: str
    expected_entities: tuple[str, ...] = ()
    expected_intent: str | None = None
    requires_context: bool = False

    status: Literal["answered", "failed"]
    failure: Failure | None = None
    session_id: str = ""
    heard: str | None = None
    answer: str | None = None
    intent: str | None = None
    entities: tuple[dict[str, Any], ...] = ()
    candidates: tuple[dict[str, Any], ...] = ()

    transcript_s: float | None = None
    reply_text_s: float | None = None
    first_audio_s: float | None = None
    turn_s: float | None = None
    audio_s: float | None = None
    decode_s: float | None = None
    asr_s: float | None = None
    asr_busy_s: float | None = None
    agent_s: float | None = None
    tts_first_s: float | None = None
    tts_s: float | None = None
    encode_s: float | None = None
    reply_audio_s: float | None = None
    overhead_s: float | None = None
    rtf: float | None = None

    chunks: int = 0
    reply_file: str | None = None
    sent: Sent | None = None
    segment: SentSegment | None = None
    started_at: datetime

    @property
    def conversation(self) -> str:
        """The session that the turn belongs to; a scenario and a sample of one name are two."""
        return f"turn {self.key}" if self.scenario_id is None else f"scenario {self.scenario_id}"

    @property
    def tickers(self) -> tuple[str, ...]:
        """The companies that the agent took from this turn's words."""
        named = (entity for entity in self.entities if entity["kind"] == "company" and entity["heard"])
        return tuple(entity["value"] for entity in named)


class CodeState(_Record):
    """The commit that ran, and whether there were changes on top of it; None outside a git checkout."""

    commit: str | None
    dirty: bool | None


class RunResult(_Record):
    """run.json: what made the figures."""

    format_version: Literal[1] = 1
    run_id: str
    status: Literal["running", "finished", "failed"]
    failure: str | None = None
    spec: RunSpec
    samples_sha256: str
    planned_turns: int
    engines: tuple[EngineUsed, ...] = ()
    code: CodeState
    packages: dict[str, str]
    machine: dict[str, str | int | float]
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    resumed: int = 0


class RunFolder:
    """A run on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def run_id(self) -> str:
        return self.path.name

    def is_free(self) -> bool:
        """Whether a new run can use the folder: it holds none, or one that failed before its first turn."""
        if not (self.path / "run.json").exists():
            return True
        try:
            return self.read().status == "failed" and not (self.path / "turns.jsonl").exists()
        except InputError:
            return False

    def create(self) -> None:
        """Make the folder; InputError unless a new run can use it."""
        if not self.is_free():
            raise InputError(
                f"{self.path}: holds a run already; take another --out or --run-id, or go on with --resume"
            )
        (self.path / "audio").mkdir(parents=True, exist_ok=True)

    def write(self, run: RunResult) -> None:
        """Replace run.json in one step, so that a kill leaves the old or the new one."""
        draft = self.path / "run.json.part"
        draft.write_text(run.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.replace(self.path / "run.json")

    def read(self) -> RunResult:
        """run.json; InputError names what is wrong with it."""
        file = self.path / "run.json"
        try:
            return RunResult.model_validate_json(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{file}: cannot be read: {error.strerror}; give a folder that a run left") from error
        except UnicodeDecodeError as error:
            raise InputError(f"{file}: not UTF-8: {error.reason}; give a folder that a run left") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise InputError(f"{file}: not a run of format {FORMAT_VERSION}: {where}: {first['msg']}") from error

    def append(self, turn: TurnResult) -> None:
        """Add one line to turns.jsonl; it is on disk when this returns."""
        with (self.path / "turns.jsonl").open("a", encoding="utf-8") as file:
            file.write(turn.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def turns(self) -> list[TurnResult]:
        """The finished turns; InputError names a line that is not one.

        Earlier versions could name the replies of two turns alike. The later one's sound is in the file, so the
        earlier one is read as having none.
        """
        turns = list(self._turns())
        latest = {turn.reply_file: turn.key for turn in turns}
        return [
            turn if latest[turn.reply_file] == turn.key else turn.model_copy(update={"reply_file": None})
            for turn in turns
        ]

    def _turns(self) -> Iterator[TurnResult]:
        file = self.path / "turns.jsonl"
        if not file.exists():
            return
        for number, line in enumerate(split_lines(read_text(file)), start=1):
            try:
                yield TurnResult.model_validate_json(line)
            except ValidationError as error:
                raise InputError(f"{file}: line {number}: not a turn: {error.errors()[0]['msg']}") from error

    def drop_torn_line(self) -> None:
        """Cut off a last line that a kill left without its end; its turn is then taken again."""
        file = self.path / "turns.jsonl"
        if file.exists():
            data = file.read_bytes()
            file.write_bytes(data[: data.rfind(b"\n") + 1])

    def save_reply(self, key: str, audio: bytes) -> str:
        """Keep a reply's sound; its name within the folder, which no other turn's reply has."""
        name = f"audio/{file_name(key)}.ogg"
        (self.path / name).write_bytes(audio)
        return name


def now() -> datetime:
    return datetime.now(UTC)


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
