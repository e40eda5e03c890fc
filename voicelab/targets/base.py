"""What a target is, what it can show, and what one turn with it gives."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, fields
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
    """What a target can show. A figure that needs a signal which is missing is not available for this target.

    caller_transcript: what it understood. partial_transcript: that text while the caller still speaks. reply_text and
    partial_reply_text: the same for its answer. entities: intents and entities of a turn. tool_calls: the tools it
    calls. end_of_reply: a message that ends a reply; without one the reply ends when its sound stops. turn_detection:
    it finds the end of the caller's turn in the sound; without it the caller's side announces the end. interruption: it
    can be interrupted, and says so. stage_times: its own times per stage. session_state: what it keeps of the session.
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
        """The names of the signals that the target sends, in words."""
        return tuple(name.replace("_", " ") for name in self._names() if getattr(self, name))

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the signals that the target does not send, in words."""
        return tuple(name.replace("_", " ") for name in self._names() if not getattr(self, name))

    @classmethod
    def _names(cls) -> tuple[str, ...]:
        return tuple(one.name for one in fields(cls))


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """What a run gives to its target.

    folder: where a target that starts a process keeps its log and data. timeout_s: longest silence of the target, in
    seconds. asr, agent, tts: engine specs for targets that run voicelab's own pipeline; None elsewhere.
    """

    folder: Path
    timeout_s: float = 30.0
    asr: str | None = None
    agent: str | None = None
    tts: str | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording of the caller. audio: encoded, any container that voicelab reads. source: its name in errors."""

    audio: bytes
    source: str = "the recording"

    def clip(self, rate_hz: int | None = None) -> Clip:
        """The decoded sound, at rate_hz if given. Raises InputError."""
        clip = decoding.decode(self.audio, source=self.source)
        return clip if rate_hz is None else clip.at_rate(rate_hz)


@dataclass(frozen=True, slots=True)
class Interruption:
    """What the caller says while the reply sounds. after_s: seconds after the first sound of the reply arrived."""

    utterance: Utterance
    after_s: float


@dataclass(frozen=True, slots=True)
class TargetEvent:
    """A message of the target. at_s: its arrival by `time.perf_counter`. name: the protocol's own name for it."""

    at_s: float
    name: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PartialTranscript:
    """The whole transcript of the caller as it stood when a message came. at_s: by `time.perf_counter`."""

    at_s: float
    text: str


@dataclass(slots=True)
class TurnOutcome:
    """The outcome of one turn; a session fills it while the turn runs.

    Fields that end in `_s` are seconds from t_end, the instant (`time.perf_counter`) at which the last of the request's
    sound was sent. heard and answer are None if they never came; error is (code, message). stages are the server's own
    times.

    sent and received: the sound both ways, on one clock (`time.perf_counter`). A sent piece counts from its first
    sample: in realtime mode its last sample leaves `clip.duration_s` after at_s. A received piece counts from its
    arrival. flushed: instants at which the agent took back sound that had arrived but not been played.
    interrupted_at_s: when the caller's interruption began, if there was one; the pieces of `sent` from then on belong
    to it.

    partials: the transcripts of the caller, each with its arrival, the final one last.

    reply_audio: the reply as one encoded file; empty if the target sends bare samples, which are then in `received`.
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
        """Send the caller's sound, and return after the reply has ended.

        mode: `realtime` sends at the pace of a microphone, `burst` as fast as the target takes it. interruption: only
        for targets whose capabilities include it. Raises ConnectionLostError if the connection ends, NoReplyError if
        nothing comes within the time-out.
        """


class Target(Protocol):
    """Something that holds conversations. `TargetBase` has defaults for all but `capabilities` and `session`.

    engines: the engines it really uses, if it runs voicelab's own pipeline. unpaced: whether it takes sound faster than
    real time (mode `burst`).
    """

    capabilities: Capabilities
    engines: tuple[EngineInfo, ...]
    unpaced: bool

    async def open(self, settings: TargetSettings) -> None:
        """Get ready. Raises InputError or EngineError when it cannot be used, ConnectionLostError when it is gone."""

    async def close(self) -> None:
        """Release everything that `open` took."""

    def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AbstractAsyncContextManager[Session]:
        """Begin a conversation, or continue session_id, in which heard_before was already said.

        Raises ConnectionLostError when the target cannot be reached, now or later in the session.
        """

    def gone(self) -> str | None:
        """Why the target will not come back; None while it may."""


class TargetBase:
    """The defaults of a target: no engines of ours, nothing to open, any pace."""

    capabilities: Capabilities = Capabilities()
    engines: tuple[EngineInfo, ...] = ()
    unpaced: bool = True

    async def open(self, settings: TargetSettings) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    def gone(self) -> str | None:
        return None
