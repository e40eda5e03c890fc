"""Converts the outcome of a turn to its record."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from voicelab.agent.base import Entity, ToolCall, Usage, WatchlistChange
from voicelab.agent.recording import CONTEXT_TURNS, RecordedTurn
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.codecs import encode
from voicelab.audio.decoding import DAMAGED_FROM_S
from voicelab.audio.incoming import Mode
from voicelab.datasets import Sample
from voicelab.metrics.commit_times import estimated_end_s
from voicelab.metrics.response_timing import ResponseTiming
from voicelab.pipeline.stage_times import CONSECUTIVE
from voicelab.runs.conversation_recording import IN_A_BURST, turn_sound
from voicelab.runs.planning import PlannedTurn
from voicelab.runs.records import TurnResult, now
from voicelab.runs.sent_audio import RequestAudio
from voicelab.runs.turn_content import EntityEnd, PartialHeard, TurnFailure
from voicelab.targets.base import TurnOutcome
from voicelab.targets.faults import BAD_REPLY, Owner, owner_of
from voicelab.vad.speech_spans import energy_spans

_ENTITIES = TypeAdapter(list[Entity])
_OF_THE_SAMPLE = (
    "category", "speaker", "text", "expected_entities", "expected_intent", "expected_tool_calls", "requires_context",
)  # fmt: skip


def timing_fields(timing: ResponseTiming | None, recording_file: str | None, mode: Mode) -> dict[str, Any]:
    """Return the fields of a TurnResult that depend on its audio."""
    if timing is None:
        return {"response_missing": "the turn has no audio" if mode == "realtime" else IN_A_BURST}
    is_timed = timing.reason != IN_A_BURST
    return {
        "response_s": timing.response_s,
        "response_missing": timing.reason,
        "speech_end_s": timing.speech_end_s,
        "reply_start_s": timing.reply_start_s,
        "talk_over_s": timing.talk_over_s if is_timed else None,
        "dead_air_s": timing.dead_air_s if is_timed else None,
        "recording_file": recording_file,
    }


def streaming_fields(outcome: TurnOutcome, sample: Sample) -> dict[str, Any]:
    """Return the fields of a TurnResult about partial transcripts; empty without them."""
    if len(outcome.partials) < 2 or not outcome.sent or outcome.t_end is None:
        return {}
    spoken = turn_sound(outcome).caller[0].spoken
    speech = energy_spans(spoken.clip.at_rate(SPEECH_RATE_HZ))
    ends = {name: estimated_end_s(sample.text, name, speech) for name in sample.expected_entities}
    from_end_s = spoken.at_s - outcome.t_end
    return {
        "partials": tuple(
            PartialHeard(at_s=one.at_s - outcome.t_end, text=writable(one.text)) for one in outcome.partials
        ),
        "entity_ends": tuple(
            EntityEnd(entity=name, at_s=end_s + from_end_s) for name, end_s in ends.items() if end_s is not None
        ),
        "speech_ends_s": speech[-1][1] + from_end_s if speech else None,
    }


def encoded_reply(outcome: TurnOutcome) -> bytes:
    """Encode the raw samples of a reply as Ogg Opus; returns no bytes without audio."""
    if not outcome.received:
        return b""
    rate_hz = outcome.received[0].clip.rate_hz
    return encode(Clip.join([piece.clip.at_rate(rate_hz) for piece in outcome.received]), "opus")


def unless_damaged(outcome: TurnOutcome, undecoded_s: float) -> TurnOutcome:
    """Return the turn as failed if its recording is damaged, because it then does not measure the recognizer."""
    heard_s = outcome.stages.get("undecoded_s") or 0.0
    stages = {**outcome.stages, "undecoded_s": max(heard_s, undecoded_s)}
    if undecoded_s <= DAMAGED_FROM_S:
        return replace(outcome, stages=stages)
    found = f"{undecoded_s:.2f} s of the recording cannot be decoded; replace the file"
    message = found if outcome.heard is None else f"{found}. Transcript of the rest: {outcome.heard!r}"
    return replace(
        outcome, stages=stages, error=("damaged_recording", message),
        heard=None, answer=None, intent=None, entities=[], candidates=[], tool_calls=None, changes=[], usage=None,
    )  # fmt: skip


def turn_result(
    planned: PlannedTurn,
    scenario_id: str | None,
    outcome: TurnOutcome,
    session_id: str,
    *,
    reply_file: str | None,
    cold: bool,
    request_audio: RequestAudio | None = None,
    owner: Owner | None = None,
) -> TurnResult:
    """Return the record of a turn, with derived figures. owner: of its failure; None: according to its code.

    A turn for which the target gave a value of a wrong type fails as bad_reply.
    """

    def made(found: TurnOutcome) -> TurnResult:
        return TurnResult(
            key=planned.key,
            sample_id=planned.sample.id,
            scenario_id=scenario_id,
            turn_number=planned.number,
            primary=planned.primary,
            cold=cold,
            **{name: getattr(planned.sample, name) for name in _OF_THE_SAMPLE},
            session_id=session_id,
            **_outcome_fields(found, planned.sample, request_audio, owner),
            reply_file=reply_file,
            sent=request_audio.sent if request_audio is not None else None,
            segment=request_audio.segment if request_audio is not None else None,
            started_at=now(),
        )

    try:
        _ENTITIES.validate_python([*outcome.entities, *outcome.candidates])
        return made(outcome)
    except (ValidationError, TypeError) as error:
        wrong = f"the target gave a value of a wrong type: {_first_problem(error)}"
        return made(TurnOutcome(error=(BAD_REPLY, wrong), t_end=outcome.t_end))


def _first_problem(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return str(error)
    first = error.errors(include_input=False)[0]
    return f"{first['msg']}, in {error.title}: {'.'.join(map(str, first['loc']))}"


def _outcome_fields(
    outcome: TurnOutcome, sample: Sample, request_audio: RequestAudio | None, owner: Owner | None
) -> dict[str, Any]:
    """Return the fields of a TurnResult that depend on what the target did."""
    stages = dict(outcome.stages)
    if stages.get("audio_s") is None and request_audio is not None:
        # A server says nothing about the stages of a turn that it could not answer.
        stages["audio_s"] = request_audio.duration_s
    failure = None
    if outcome.error is not None:
        code, message = outcome.error
        failure = TurnFailure(code=code, message=writable(message), owner=owner or owner_of(code))
    # Silence is a valid result: no words were recognized, and all reference words are deletions.
    heard = "" if failure is not None and failure.code == "no_speech" else writable(outcome.heard)
    made = outcome.tool_calls
    calls = None if made is None else tuple(ToolCall(**writable(asdict(call))) for call in made)
    path = [stages.get(name) for name in CONSECUTIVE]
    known = [value for value in path if value is not None]
    busy_s, audio_s = stages.get("asr_busy_s"), stages.get("audio_s")
    # Unlike a literal, dict() rejects a stage with the name of another field.
    return dict(
        status="failed" if failure else "answered",
        failure=failure,
        heard=heard,
        **streaming_fields(outcome, sample),
        answer=writable(outcome.answer),
        intent=writable(outcome.intent),
        entities=tuple(writable(outcome.entities)),
        candidates=tuple(writable(outcome.candidates)),
        tool_calls=calls,
        changes=tuple(WatchlistChange(**change) for change in outcome.changes),
        usage=Usage(**outcome.usage) if outcome.usage is not None else None,
        **{name: getattr(outcome, name) for name in ("transcript_s", "reply_text_s", "first_audio_s", "turn_s")},
        overhead_s=outcome.turn_s - sum(known) if outcome.turn_s is not None and len(known) == len(path) else None,
        rtf=busy_s / audio_s if busy_s is not None and audio_s else None,
        chunks=outcome.chunks,
        **{name: took for name, took in stages.items() if name in TurnResult.model_fields},
    )


def writable(value: Any) -> Any:
    """Replace unpaired surrogates by U+FFFD, because JSON can represent them but UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list | tuple):
        return [writable(one) for one in value]
    if isinstance(value, dict):
        return {writable(name): writable(one) for name, one in value.items()}
    return value


def recorded(turn: TurnResult, before: Sequence[str]) -> RecordedTurn:
    """The turn as a record for the agent `replay`. before: transcripts of the session's earlier answered turns."""
    return RecordedTurn.model_validate(
        {
            "heard": turn.heard,
            "before": before[-CONTEXT_TURNS:],
            "text": turn.answer,
            "intent": turn.intent or "",
            "entities": turn.entities,
            "changes": turn.changes,
            "candidates": turn.candidates,
            "tool_calls": turn.tool_calls or (),
            "usage": turn.usage,
            "first_s": turn.agent_first_s,
            "text_s": turn.agent_text_s,
        }
    )
