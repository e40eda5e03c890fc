"""The content of a turn's record: the request and the response."""

from typing import Any, Literal

from pydantic import ConfigDict

from voicelab.agent.base import ToolCall, Usage, WatchlistChange
from voicelab.datasets.over_reply import OverReplyKind
from voicelab.metrics.tool_calls import Call
from voicelab.runs.record_file import Record
from voicelab.targets.faults import Owner


class TurnFailure(Record):
    """The failure of a turn: a stable code, a sentence, and the owner (None in runs of earlier versions)."""

    code: str
    message: str
    owner: Owner | None = None


class AppliedCondition(Record):
    """The audio sent instead of the recording. sha256: of its bytes. speech_dbfs: active level of the recording.

    scale_db: gain applied to stay within full scale. packets, lost, kbps: of Opus, if used. files: names of the impulse
    response and the noise recording, if used.
    """

    sha256: str
    speech_dbfs: float | None
    scale_db: float
    packets: int | None = None
    lost: int | None = None
    kbps: float | None = None
    files: tuple[str, ...] = ()


class PartialHeard(Record):
    """The transcript at a time. at_s: seconds from the end of the request's audio, negative during it."""

    at_s: float
    text: str


class EntityEnd(Record):
    """When an expected entity ends in the request. at_s: seconds from the end of the request's audio; an estimate."""

    entity: str
    at_s: float


class SpokenOver(Record):
    """The caller's speech over a reply, and the agent's reaction.

    after_s: intended seconds from the first sound of the reply. starts_s: when the caller began, in recording_file.
    agent_stops_s: seconds from then to the end of the agent's speech. by_itself: all of that speech had been sent
    before, and none was taken back. missing: why agent_stops_s is None.
    """

    kind: OverReplyKind
    after_s: float
    starts_s: float | None = None
    agent_stops_s: float | None = None
    by_itself: bool = False
    missing: str | None = None


class SentSegment(Record):
    """The segment of a recording that was sent. sha256: of the bytes; encoding: their container and codec."""

    offset_s: float
    duration_s: float
    sha256: str
    encoding: str


class TurnContent(Record):
    """The request and the response of a turn.

    key: unique in the run. primary: the turn of this sample that counts in figures; others repeat it in a scenario.
    cold: the first turn after engines were loaded. expected_tool_calls: None if the sample specifies none, () if it
    expects no call. Times are seconds from the end of the request's audio (docs/reference/measures.md), None for stages
    not reached. heard is "" if the recognizer found no words.

    partials: the transcripts of a target that sends partial ones, the final one last. entity_ends: when each expected
    entity ends in the request, on the clock of the partials; an estimate, see `metrics.commit_times.estimated_end_s`.
    speech_ends_s: when the speech of the request ends, on the same clock; None without partials.

    answer_by: the recognizer that transcribed the reply, if the target sends no text; None: the target's own text.

    tool_calls: None in runs of earlier versions. usage: None unless the agent is a language model.
    """

    model_config = ConfigDict(revalidate_instances="always")

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
    expected_tool_calls: tuple[Call, ...] | None = None
    requires_context: bool = False

    status: Literal["answered", "failed"]
    failure: TurnFailure | None = None
    session_id: str = ""
    heard: str | None = None
    partials: tuple[PartialHeard, ...] = ()
    entity_ends: tuple[EntityEnd, ...] = ()
    speech_ends_s: float | None = None
    answer: str | None = None
    answer_by: str | None = None
    intent: str | None = None
    entities: tuple[dict[str, Any], ...] = ()
    candidates: tuple[dict[str, Any], ...] = ()
    tool_calls: tuple[ToolCall, ...] | None = None
    changes: tuple[WatchlistChange, ...] = ()
    usage: Usage | None = None

    transcript_s: float | None = None
    reply_text_s: float | None = None
    first_audio_s: float | None = None
    turn_s: float | None = None
