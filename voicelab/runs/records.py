"""What a run asks for, what each turn gave, and the folder that both are kept in.

reports/<run_id>/: run.json (what made it), turns.jsonl (a line as each turn ends), agent.jsonl (the agent's
replies, for `replay`), audio/ (the replies' sound), recordings/ (each conversation in two channels), and what the
report makes of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from voicelab.addresses import take_user, without_user
from voicelab.agent import recording
from voicelab.agent.recording import RecordedTurn
from voicelab.asr.catalog import DEFAULT_RECOGNIZER
from voicelab.audio.incoming import Mode
from voicelab.conditions.condition import Condition
from voicelab.datasets.columns import SetColumns
from voicelab.datasets.file_names import file_name
from voicelab.datasets.text_files import decode_text, split_lines
from voicelab.engines.spec import EngineSpec, OptionValue
from voicelab.errors import InputError
from voicelab.runs import storage
from voicelab.runs.agent_records import AgentUsage, ChangeMade, ExpectedToolCall, ToolCallMade
from voicelab.runs.faults import CONNECTION_FAULTS, Owner
from voicelab.text import Normalizer, WordMap, normalizer
from voicelab.tts.default import default_voice

FORMAT_VERSION = 1
"""Of run.json and turns.jsonl; a reader of another version refuses them."""


NO_SPEECH = "no_speech"
"""The failure code of a turn in which nothing was heard."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
"""A name, a path or an address; an empty one is a mistake, such as a shell variable that is not set."""

LARGEST_SEED = 2**63 - 1
MOST_DRAWS = 100_000
LONGEST_WAIT_S = 86_400.0
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Draws = Annotated[int, Field(ge=1, le=MOST_DRAWS)]
"""Resamples of a bootstrap."""


class RunSpec(_Record):
    """Everything that decides what a run measures. A value that is accepted can be read back from run.json.

    columns: of the set's table, where they have other names than usual.
    target: a written target (targets/catalog.py): "server" (one that the run starts itself), "in-process", the address
    of a running server (http://host:port), or another, with options. asr, agent and tts are None where the target has
    its own: at an address they are what that server has, and other targets take none.
    condition: what is done to each recording before it is sent; None: nothing. language: of the samples that are
    taken; None: the one that they name. normalizer: None: the one of the language, or of the script that the texts are
    written in. word_map: applied to reference and hypothesis before the normalizer. A run that has begun names its
    normalizer, and its language where it is known. Addresses lose their user part, which is remembered for the
    connection of this process and its children only (addresses.py).
    timeout_s: longest silence of a server. reconnect_for_s: how long to wait for a server that cannot be reached before
    the run stops as interrupted.
    """

    samples: _Text
    columns: SetColumns | None = None
    asr: _Text | None = DEFAULT_RECOGNIZER
    agent: _Text | None = "rules"
    tts: _Text | None = Field(default_factory=default_voice)
    mode: Mode = "burst"
    target: _Text = "server"
    limit: Annotated[int, Field(ge=1)] | None = None
    categories: tuple[_Text, ...] = ()
    normalizer: _Text | None = None
    language: _Text | None = None
    word_map: WordMap | None = None
    seed: Seed = 0
    draws: Draws = 2000
    timeout_s: Annotated[float, Field(ge=0.1, le=LONGEST_WAIT_S)] = 30.0
    reconnect_for_s: Annotated[float, Field(ge=0, le=LONGEST_WAIT_S)] = 60.0
    condition: Condition | None = None

    @model_validator(mode="before")
    @classmethod
    def _engines_of_the_target(cls, values: Any) -> Any:
        """The default engines are for targets that run voicelab's own pipeline."""
        if isinstance(values, dict) and not _runs_our_engines(values.get("target", "server")):
            return {"asr": None, "agent": None, "tts": None, **values}
        return values

    @field_validator("target")
    @classmethod
    def _take_user(cls, value: str) -> str:
        return take_user(value)

    @field_validator("asr", "agent", "tts")
    @classmethod
    def _take_users(cls, value: str | None) -> str | None:
        """The engine as it was asked for; one that cannot be read is refused later, by its catalog."""
        return value if value is None or "@" not in value else str(EngineSpec.parse(value))

    @property
    def rules(self) -> Normalizer:
        """The normalizer, with the word map before it; `english` where none is named."""
        used = normalizer(self.normalizer or "english")
        return self.word_map.before(used) if self.word_map is not None else used


def _runs_our_engines(target: object) -> bool:
    named = ("server", "in-process")
    return not isinstance(target, str) or target in named or target.startswith(("http://", "https://"))


class EngineUsed(_Record):
    """An engine as it was really loaded. Addresses lose their user part, also those of older runs and other servers."""

    kind: str
    name: str
    options: dict[str, OptionValue]
    revision: str
    device: str
    licence: str
    load_s: float
    lanes: int
    note: str = ""

    @field_validator("options")
    @classmethod
    def _clean_options(cls, value: dict[str, OptionValue]) -> dict[str, OptionValue]:
        return {name: take_user(one) if isinstance(one, str) else one for name, one in value.items()}

    @field_validator("revision")
    @classmethod
    def _clean_revision(cls, value: str) -> str:
        return without_user(value)


class TurnFailure(_Record):
    """Why a turn has no reply: a stable code, a sentence, and who caused it (None in runs of earlier versions)."""

    code: str
    message: str
    owner: Owner | None = None


class AppliedCondition(_Record):
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
    (docs/reference/measures.md); None where the turn did not get so far. heard is "" when the recognizer heard nothing.

    response_s: from the end of the caller's speech to the start of the agent's, as heard; negative where the agent
    began early; response_missing: why it is None. speech_end_s and reply_start_s are instants in recording_file, the
    conversation in two channels (caller left, agent right). talk_over_s: how long both spoke; dead_air_s: gaps longer
    than 2 s, summed.

    expected_tool_calls: None where the sample names none, and () where it expects that no tool is called. tool_calls:
    None in runs of earlier versions. usage: None where the agent is no language model.
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
    expected_tool_calls: tuple[ExpectedToolCall, ...] | None = None
    requires_context: bool = False

    status: Literal["answered", "failed"]
    failure: TurnFailure | None = None
    session_id: str = ""
    heard: str | None = None
    answer: str | None = None
    intent: str | None = None
    entities: tuple[dict[str, Any], ...] = ()
    candidates: tuple[dict[str, Any], ...] = ()
    tool_calls: tuple[ToolCallMade, ...] | None = None
    changes: tuple[ChangeMade, ...] = ()
    usage: AgentUsage | None = None

    transcript_s: float | None = None
    reply_text_s: float | None = None
    first_audio_s: float | None = None
    turn_s: float | None = None
    audio_s: float | None = None
    undecoded_s: float | None = None
    decode_s: float | None = None
    asr_s: float | None = None
    asr_busy_s: float | None = None
    agent_s: float | None = None
    agent_first_s: float | None = None
    agent_text_s: float | None = None
    tts_first_s: float | None = None
    tts_s: float | None = None
    encode_s: float | None = None
    reply_audio_s: float | None = None
    overhead_s: float | None = None
    rtf: float | None = None

    response_s: float | None = None
    response_missing: str | None = None
    speech_end_s: float | None = None
    reply_start_s: float | None = None
    talk_over_s: float | None = None
    dead_air_s: float | None = None
    recording_file: str | None = None

    chunks: int = 0
    reply_file: str | None = None
    sent: AppliedCondition | None = None
    segment: SentSegment | None = None
    started_at: datetime

    @property
    def lost_connection(self) -> bool:
        """Whether the connection failed and not the turn; `--resume` takes such a turn again."""
        return self.failure is not None and self.failure.code in CONNECTION_FAULTS

    @property
    def conversation(self) -> str:
        """The session that the turn belongs to; a scenario and a sample of one name are two."""
        return f"turn {self.key}" if self.scenario_id is None else f"scenario {self.scenario_id}"

    @property
    def nothing_heard(self) -> bool:
        """Whether no speech was recognized, so that the agent was not asked. Such a turn is scored."""
        return self.failure is not None and self.failure.code == NO_SPEECH

    @property
    def broken(self) -> bool:
        """Whether the turn failed for any other reason than that nothing was heard."""
        return self.failure is not None and not self.nothing_heard

    @property
    def tickers(self) -> tuple[str, ...]:
        """The companies that the agent took from this turn's words."""
        named = (entity for entity in self.entities if entity["kind"] == "company" and entity["heard"])
        return tuple(entity["value"] for entity in named)


class CodeState(_Record):
    """The commit that ran, and whether there were changes on top of it; None outside a git checkout."""

    commit: str | None
    dirty: bool | None


class Outage(_Record):
    """A time in which the target could not be reached. duration_s: in seconds; message: the first fault."""

    started_at: datetime
    duration_s: float
    message: str
    owner: Owner = "harness"


class RunResult(_Record):
    """run.json: what made the figures. interrupted: the target was gone, or a file could not be written.

    notices: what a reader must know of how it was made, such as a default engine that is not installed.
    signals: what the target declares that it shows (`Capabilities`); None in runs of earlier versions.
    """

    format_version: Literal[1] = 1
    run_id: str
    status: Literal["running", "finished", "interrupted", "failed"]
    failure: str | None = None
    spec: RunSpec
    samples_sha256: str
    planned_turns: int
    engines: tuple[EngineUsed, ...] = ()
    signals: tuple[str, ...] | None = None
    code: CodeState
    packages: dict[str, str]
    machine: dict[str, str | int | float]
    notices: tuple[str, ...] = ()
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    resumed: int = 0
    outages: tuple[Outage, ...] = ()


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
        storage.make_folder(self.path / "audio")

    def write(self, run: RunResult) -> None:
        """Replace run.json in one step, so that a kill leaves the old or the new one."""
        storage.write_whole(self.path / "run.json", f"{run.model_dump_json(indent=2)}\n".encode())

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
        """Add one line to turns.jsonl; it is on disk when this returns. Raises StorageError with nothing added."""
        storage.append_whole(self.path / "turns.jsonl", f"{turn.model_dump_json()}\n".encode())

    def append_agent(self, turn: RecordedTurn) -> None:
        """Add a line to agent.jsonl, from which the agent `replay` answers. Raises StorageError with nothing added."""
        storage.append_whole(self.path / recording.FILE_NAME, f"{turn.model_dump_json()}\n".encode())

    def turns(self, *, torn: bool = False) -> list[TurnResult]:
        """The finished turns, each once; InputError names a line that is not one.

        torn: leave out a last line without its end, which a process may be writing at this moment.

        Of a turn that was taken again after a lost connection, the latest counts; the file keeps the others too.
        Earlier versions could name the replies of two turns alike. The later one's sound is in the file, so the
        earlier one is read as having none.
        """
        turns = list({turn.key: turn for turn in self._turns(torn=torn)}.values())
        latest = {turn.reply_file: turn.key for turn in turns}
        return [
            turn if latest[turn.reply_file] == turn.key else turn.model_copy(update={"reply_file": None})
            for turn in turns
        ]

    def _turns(self, *, torn: bool) -> Iterator[TurnResult]:
        file = self.path / "turns.jsonl"
        if not file.exists():
            return
        data = file.read_bytes()
        lines = split_lines(decode_text(data[: data.rfind(b"\n") + 1] if torn else data, file))
        for number, line in enumerate(lines, start=1):
            try:
                yield TurnResult.model_validate_json(line)
            except ValidationError as error:
                raise InputError(f"{file}: line {number}: not a turn: {error.errors()[0]['msg']}") from error

    def drop_torn_line(self) -> None:
        """Cut off a last line that a kill left without its end; its turn is then taken again."""
        storage.cut_torn_line(self.path / "turns.jsonl")
        storage.cut_torn_line(self.path / recording.FILE_NAME)

    def save_recording(self, key: str, audio: bytes) -> str:
        """Keep the two channels of a conversation; its name within the folder. key: its first turn's."""
        name = f"recordings/{file_name(key)}.flac"
        storage.make_folder(self.path / "recordings")
        storage.write_whole(self.path / name, audio)
        return name

    def save_reply(self, key: str, audio: bytes) -> str:
        """Keep a reply's sound; its name within the folder, which no other turn's reply has."""
        name = f"audio/{file_name(key)}.ogg"
        storage.write_whole(self.path / name, audio)
        return name


def now() -> datetime:
    return datetime.now(UTC)
