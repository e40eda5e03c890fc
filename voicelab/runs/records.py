"""Run specification, turn results, and the run folder.

reports/<run_id>/: run.json (specification and provenance), turns.jsonl (one line per completed turn), agent.jsonl (the
agent's replies, for `replay`), audio/ (the replies' audio), recordings/ (each conversation in two channels), and the
files of the report.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, field_validator, model_validator

from voicelab.agent import recording
from voicelab.agent.recording import RecordedTurn
from voicelab.asr.catalog import DEFAULT_RECOGNIZER
from voicelab.audio.incoming import Mode
from voicelab.conditions.condition import Condition
from voicelab.datasets.columns import SetColumns
from voicelab.datasets.file_names import file_name
from voicelab.datasets.text_files import decode_text, split_lines
from voicelab.engines.addresses import take_user
from voicelab.engines.spec import EngineInfo, EngineSpec
from voicelab.errors import InputError
from voicelab.metrics.attribution import STAGES
from voicelab.pipeline.stage_times import StageTimes
from voicelab.runs import storage
from voicelab.runs.record_file import Record, read_record, write_record
from voicelab.runs.turn_content import AppliedCondition, SentSegment, SpokenOver, TurnContent
from voicelab.targets.faults import CONNECTION_FAULTS, Owner
from voicelab.text import Normalizer, WordMap, normalizer
from voicelab.tts.default import default_voice

FORMAT_VERSION = 1
"""Version of run.json and turns.jsonl; other versions are rejected."""

NO_SPEECH = "no_speech"
"""Failure code of a turn without recognized speech."""


_Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
"""A name, path or address; an empty one is a mistake, such as an unset shell variable."""

LARGEST_SEED = 2**63 - 1
MOST_DRAWS = 100_000
LONGEST_WAIT_S = 86_400.0
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Draws = Annotated[int, Field(ge=1, le=MOST_DRAWS)]
"""Number of bootstrap resamples."""


class RunSpec(Record):
    """The specification of a run. Every valid value can be read back from run.json.

    columns: names of the set's columns, if not the usual ones. target: a target specification (targets/catalog.py):
    "server" (started by the run), "in-process", the address of a running server (http://host:port), or another target
    with options. asr, agent, tts: None if the target has its own; for a server at an address, the expected engines.
    condition: degradation of each recording before it is sent; None for none. language: language of the samples; None:
    the one that they name. normalizer: None: by the language, or by the script of the texts. word_map: applied to
    reference and hypothesis before the normalizer. Once a run has started, its spec names its normalizer, and its
    language if known. The user part of addresses is removed; only this process and its children keep it for their
    connections (engines/addresses.py). reply_asr: the recognizer that transcribes replies without text from the target;
    None: they have no text. timeout_s: maximum silence of a server in seconds. reconnect_for_s: maximum outage of a
    server in seconds before the run stops as interrupted.
    """

    samples: _Text
    columns: SetColumns | None = None
    asr: _Text | None = DEFAULT_RECOGNIZER
    agent: _Text | None = "rules"
    tts: _Text | None = Field(default_factory=default_voice)
    reply_asr: _Text | None = DEFAULT_RECOGNIZER
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
        """Set default engines only for targets that run voicelab's own pipeline."""
        if isinstance(values, dict) and not _runs_our_engines(values.get("target", "server")):
            return {"asr": None, "agent": None, "tts": None, **values}
        return values

    @field_validator("target")
    @classmethod
    def _take_user(cls, value: str) -> str:
        return take_user(value)

    @field_validator("reply_asr")
    @classmethod
    def _none_by_name(cls, value: str | None) -> str | None:
        return None if value == "none" else value

    @field_validator(*STAGES, "reply_asr")
    @classmethod
    def _take_users(cls, value: str | None) -> str | None:
        return None if value is None else EngineSpec.without_users(value)

    @property
    def rules(self) -> Normalizer:
        """The normalizer with the word map; `english` by default."""
        used = normalizer(self.normalizer or "english")
        return self.word_map.before(used) if self.word_map is not None else used


def _runs_our_engines(target: object) -> bool:
    named = ("server", "in-process")
    return (
        not isinstance(target, str) or target.partition(":")[0] in named or target.startswith(("http://", "https://"))
    )


class TurnResult(StageTimes, TurnContent):
    """One turn of a run.

    response_s: seconds from the end of the caller's speech to the start of the agent's, as heard; negative if the agent
    started early; response_missing: why it is None. speech_end_s and reply_start_s are positions in recording_file, the
    conversation in two channels (caller left, agent right). talk_over_s: duration of simultaneous speech; dead_air_s:
    total of gaps longer than 2 s. over_reply: None unless the sample has something to say over the reply.

    segment: the sent segment of the recording; None for a whole recording, or with a condition.
    """

    overhead_s: float | None = None
    rtf: float | None = None

    response_s: float | None = None
    response_missing: str | None = None
    speech_end_s: float | None = None
    reply_start_s: float | None = None
    talk_over_s: float | None = None
    dead_air_s: float | None = None
    over_reply: SpokenOver | None = None
    recording_file: str | None = None

    chunks: int = 0
    reply_file: str | None = None
    sent: AppliedCondition | None = None
    segment: SentSegment | None = None
    started_at: datetime

    @property
    def lost_connection(self) -> bool:
        """Whether the connection failed; `--resume` repeats such a turn."""
        return self.failure is not None and self.failure.code in CONNECTION_FAULTS

    @property
    def conversation(self) -> str:
        """The session of the turn; a scenario and a sample with the same name differ."""
        return f"turn {self.key}" if self.scenario_id is None else f"scenario {self.scenario_id}"

    @property
    def nothing_heard(self) -> bool:
        """Whether no speech was recognized, so the agent was not called. Such a turn is scored."""
        return self.failure is not None and self.failure.code == NO_SPEECH

    @property
    def broken(self) -> bool:
        """Whether the turn failed for a reason other than missing speech."""
        return self.failure is not None and not self.nothing_heard

    @property
    def tickers(self) -> tuple[str, ...]:
        """The companies that the agent found in this turn."""
        named = (entity for entity in self.entities if entity["kind"] == "company" and entity["heard"])
        return tuple(entity["value"] for entity in named)


class CodeState(Record):
    """The commit, and whether it had changes; None outside a git checkout."""

    commit: str | None
    dirty: bool | None


class Outage(Record):
    """An outage of the target. duration_s: in seconds; message: its first error."""

    started_at: datetime
    duration_s: float
    message: str
    owner: Owner = "harness"


class RunResult(Record):
    """Contents of run.json. interrupted: the target stayed unreachable, or a file could not be written.

    condition_sha256: digest of the sound files and your own code that the condition uses; None if it uses none.
    notices: remarks for readers, such as a default engine that is not installed. signals: the target's declared
    `Capabilities`; None in runs of earlier versions.
    """

    format_version: Literal[1] = 1
    run_id: str
    status: Literal["running", "finished", "interrupted", "failed"]
    failure: str | None = None
    spec: RunSpec
    samples_sha256: str
    condition_sha256: str | None = None
    planned_turns: int
    engines: tuple[EngineInfo, ...] = ()
    signals: tuple[str, ...] | None = None
    code: CodeState
    packages: dict[str, str]
    machine: dict[str, str | int | float]
    notices: tuple[str, ...] = ()
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    resumed: int = 0
    outages: tuple[Outage, ...] = ()

    def engine(self, kind: str) -> EngineInfo | None:
        """The engine of this kind as the run loaded it; None if the run names none."""
        return next((engine for engine in self.engines if engine.kind == kind), None)

    @property
    def recognizer(self) -> str:
        """The recognizer with revision and device, or as it was requested."""
        used = self.engine("asr")
        return used.shown() if used else str(self.spec.asr)


class RunFolder:
    """A run on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def run_id(self) -> str:
        return self.path.name

    def is_free(self) -> bool:
        """Whether a new run can use the folder: it has no run, or one that failed before its first turn."""
        if not (self.path / "run.json").exists():
            return True
        try:
            return self.read().status == "failed" and not (self.path / "turns.jsonl").exists()
        except InputError:
            return False

    def create(self) -> None:
        """Create the folder. Raises InputError unless a new run can use it."""
        if not self.is_free():
            raise InputError(
                f"{self.path}: already contains a run; choose another --out or --run-id, or continue it with --resume"
            )
        storage.make_folder(self.path / "audio")

    def write(self, run: RunResult) -> None:
        """Replace run.json atomically."""
        write_record(self.path / "run.json", run)

    def read(self) -> RunResult:
        """Read run.json. Raises InputError with the reason if it is invalid."""
        what = f"a run of format {FORMAT_VERSION}"
        return read_record(self.path / "run.json", RunResult, what, "give the folder of a run")

    def append(self, turn: TurnResult) -> None:
        """Add a line to turns.jsonl and flush it to disk. On StorageError, nothing was added."""
        storage.append_whole(self.path / "turns.jsonl", f"{turn.model_dump_json()}\n".encode())

    def append_agent(self, turn: RecordedTurn) -> None:
        """Add a line to agent.jsonl, which the agent `replay` reads. On StorageError, nothing was added."""
        storage.append_whole(self.path / recording.FILE_NAME, f"{turn.model_dump_json()}\n".encode())

    def turns(self, *, torn: bool = False) -> list[TurnResult]:
        """Return the completed turns, each once. Raises InputError for an invalid line.

        torn: ignore an incomplete last line, which a process may be writing.

        Of a turn repeated after a lost connection, the latest result counts; the file keeps all. In earlier versions
        two turns could share one reply file. It contains the later turn's audio, so the earlier turn is read as having
        none.
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

    def drop_torn_writes(self) -> None:
        """Remove what a killed process left incomplete: a last line, whose turn is then repeated, and audio drafts."""
        storage.cut_torn_line(self.path / "turns.jsonl")
        storage.cut_torn_line(self.path / recording.FILE_NAME)
        for name in ("audio", "recordings"):
            storage.remove_drafts(self.path / name)

    def save_recording(self, key: str, audio: bytes) -> str:
        """Save the two channels of a conversation; return the file's name. key: that of its first turn."""
        name = f"recordings/{file_name(key)}.flac"
        path = self.path / name
        with storage.faults_named(path):
            path.parent.mkdir(exist_ok=True)
        storage.write_whole(path, audio)
        return name

    def save_reply(self, key: str, audio: bytes) -> str:
        """Save a reply's audio; return its unique file name in the folder."""
        name = f"audio/{file_name(key)}.ogg"
        storage.write_whole(self.path / name, audio)
        return name


def now() -> datetime:
    return datetime.now(UTC)
