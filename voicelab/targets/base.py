"""The interface of targets, their capabilities, and the outcome of a turn."""

from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from voicelab.agent.base import ToolCall
from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.audio.incoming import Mode
from voicelab.audio.playback import SoundPiece as SoundPiece
from voicelab.engines.spec import EngineInfo


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The signals that a target sends. Figures that need a missing signal are not available for the target.

    caller_transcript: its transcript of the caller. partial_transcript: that transcript while the caller still speaks.
    reply_text, partial_reply_text: the same for its reply. entities: intents and entities of a turn. tool_calls: its
    tool calls. end_of_reply: a message at the end of a reply; without it, a reply ends when its audio stops.
    turn_detection: the target detects the end of the caller's turn; without it, voicelab announces the end.
    interruption: it can be interrupted and reports it. stage_times: its own times per stage. session_state: its state
    of the session.
    """

    caller_transcript: bool = False
    partial_transcript: bool = False
    reply_text: bool = False
    partial_reply_text: bool = False
    entities: bool = False
    tool_calls: bool = False
    end_of_reply: bool = False
    turn_detection: bool = False
    interruption: bool = False
    stage_times: bool = False
    session_state: bool = False

    @property
    def shown(self) -> tuple[str, ...]:
        """The readable names of the signals that the target sends."""
        return tuple(name.replace("_", " ") for name, is_sent in asdict(self).items() if is_sent)

    @property
    def missing(self) -> tuple[str, ...]:
        """The readable names of the signals that the target does not send."""
        return tuple(name.replace("_", " ") for name, is_sent in asdict(self).items() if not is_sent)


SPEECH_TO_SPEECH = Capabilities(
    caller_transcript=True,
    partial_transcript=True,
    reply_text=True,
    partial_reply_text=True,
    tool_calls=True,
    end_of_reply=True,
    turn_detection=True,
    interruption=True,
)
"""All signals that a public protocol for spoken conversations has."""
PIPELINE = Capabilities(
    caller_transcript=True, reply_text=True, entities=True, end_of_reply=True, tool_calls=True, stage_times=True
)
"""The signals of voicelab's own pipeline."""


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """Settings that a run passes to its target.

    folder: folder for the log and data of a process that the target starts. timeout_s: maximum silence of the target in
    seconds. asr, agent, tts: engine specs for targets that run voicelab's pipeline; None for others.
    """

    folder: Path
    timeout_s: float = 30.0
    asr: str | None = None
    agent: str | None = None
    tts: str | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording of the caller. audio: encoded, in any container that voicelab reads. source: its name in errors."""

    audio: bytes
    source: str = "the recording"

    def clip(self, rate_hz: int | None = None) -> Clip:
        """Decode the audio, at rate_hz if given. Raises InputError."""
        clip = decoding.decode(self.audio, source=self.source)
        return clip if rate_hz is None else clip.at_rate(rate_hz)


@dataclass(frozen=True, slots=True)
class Interruption:
    """Speech of the caller during the reply. after_s: its start, in seconds after the reply's first sound arrived."""

    utterance: Utterance
    after_s: float


@dataclass(frozen=True, slots=True)
class TargetEvent:
    """A message of the target. at_s: arrival (`time.perf_counter`). name: its name in the protocol."""

    at_s: float
    name: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PartialTranscript:
    """The caller's complete transcript after a message. at_s: arrival of the message (`time.perf_counter`)."""

    at_s: float
    text: str


@dataclass(slots=True)
class TurnOutcome:
    """The outcome of one turn. The session fills it during the turn.

    Fields that end in `_s` are seconds after t_end, the time (`time.perf_counter`) at which the last audio of the
    request was sent. heard and answer are None if the target did not send them; error is (code, message). stages: the
    server's own times.

    sent, received: the audio in both directions, on the clock of `time.perf_counter`. The time of a sent piece is that
    of its first sample: in realtime mode, its last sample is sent `clip.duration_s` after at_s. The time of a received
    piece is its arrival. flushed: times at which the agent discarded audio that had arrived but was not played yet.
    interrupted_at_s: start of the caller's interruption, or None; pieces of `sent` from then on belong to it.

    partials: transcripts of the caller with their arrival; the last one is final.

    reply_audio: the reply as one encoded file; empty if the target sends raw samples, which are in `received`.
    """

    heard: str | None = None
    answer: str | None = None
    intent: str | None = None
    entities: list[dict[str, Any]] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    transcript_s: float | None = None
    reply_text_s: float | None = None
    first_audio_s: float | None = None
    turn_s: float | None = None
    chunks: int = 0
    reply_audio: bytes = b""
    stages: dict[str, float | None] = field(default_factory=dict)
    error: tuple[str, str] | None = None
    t_end: float | None = None
    sent: list[SoundPiece] = field(default_factory=list)
    received: list[SoundPiece] = field(default_factory=list)
    flushed: list[float] = field(default_factory=list)
    interrupted_at_s: float | None = None
    events: list[TargetEvent] = field(default_factory=list)
    partials: list[PartialTranscript] = field(default_factory=list)
    tool_calls: list[ToolCall] | None = None


class Session(Protocol):
    """One conversation."""

    session_id: str

    async def speak(
        self, utterance: Utterance, mode: Mode = "burst", interruption: Interruption | None = None
    ) -> TurnOutcome:
        """Send the caller's audio, and return after the end of the reply.

        mode: `realtime` sends at the pace of a microphone, `burst` as fast as the target accepts it. interruption: only
        for targets with this capability. Raises ConnectionLostError if the connection ends, NoReplyError if nothing
        arrives within the time-out.
        """


class Target(Protocol):
    """An agent that can be measured. `TargetBase` has defaults for everything but `capabilities` and `session`.

    engines: the engines in use, if the target runs voicelab's pipeline. unpaced: whether it accepts audio faster than
    real time (mode `burst`).
    """

    capabilities: Capabilities
    engines: tuple[EngineInfo, ...]
    unpaced: bool

    async def open(self, settings: TargetSettings) -> None:
        """Prepare the target. Raises InputError or EngineError if it is unusable, ConnectionLostError if it is gone."""

    async def close(self) -> None:
        """Release all resources."""

    def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AbstractAsyncContextManager[Session]:
        """Start a conversation, or continue session_id. heard_before: the caller's earlier turns in it.

        Raises ConnectionLostError if the target cannot be reached, now or later in the session.
        """

    def gone(self) -> str | None:
        """Return why the target is permanently gone; None if it may come back."""


class TargetBase:
    """Defaults of a target: no voicelab engines, nothing to open, any pace."""

    capabilities: Capabilities = Capabilities()
    engines: tuple[EngineInfo, ...] = ()
    unpaced: bool = True

    async def open(self, settings: TargetSettings) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    def gone(self) -> str | None:
        return None
