"""A message with a wrong type in any field is refused or ignored, and every answer can be sent."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.dialects.base import Dialect, Frame
from server.dialects.openai_realtime import OpenAIRealtimeDialect
from server.dialects.rtvi import RtviDialect
from server.dialects.twilio import TwilioDialect
from server.dialects.voicelab import VoicelabDialect
from server.frames import FrameLimits
from server.messages import ErrorCode, Refused
from server.outgoing import AgentResponse, ErrorEvent, ReplyChunk, ServerEvent, Transcription

LIMITS = FrameLimits(message_bytes=1_000_000, json_bytes=65_536)
ABOUT: dict[str, Any] = {"session_id": "s", "turn_id": "t"}
REPLY: tuple[ServerEvent, ...] = (
    Transcription(text="hello", **ABOUT),
    AgentResponse(text="hi", intent="greeting", entities=(), **ABOUT),
    ReplyChunk(audio_chunk="AAAA", format="pcm16", is_final=True, **ABOUT),
    ErrorEvent(code=ErrorCode.NO_SPEECH, message="no speech", **ABOUT),
)
WRONG: tuple[Any, ...] = (
    None, True, -1, 1.5, 1e308, 10**400, "", "x", "\ud800", [], [1], [[]], {}, {"a": 1}, {"type": []},
    {"type": "audio/pcm", "rate": []}, {"format": 5}, {"input": 5}, {"input": {"turn_detection": []}}, [{"text": {}}],
)  # fmt: skip

DIALECTS: dict[str, tuple[Callable[[], Dialect], tuple[dict[str, Any], ...]]] = {
    "openai": (
        lambda: OpenAIRealtimeDialect(LIMITS),
        (
            {
                "type": "session.update",
                "event_id": "e",
                "session": {
                    "tools": [],
                    "output_modalities": ["audio"],
                    "audio": {
                        "input": {"format": {"type": "audio/pcm", "rate": 24000}, "turn_detection": None},
                        "output": {"format": {"type": "audio/pcm"}},
                    },
                },
            },
            {"type": "session.update", "session": {"modalities": ["audio"], "input_audio_format": "pcm16"}},
            {"type": "input_audio_buffer.append", "audio": "AAAA"},
            {"type": "conversation.item.create", "item": {"id": "i", "role": "user", "content": [{"text": "hi"}]}},
            {"type": "conversation.item.truncate", "item_id": "i", "audio_end_ms": 5},
            {"type": "response.create"},
        ),
    ),
    "rtvi": (
        lambda: RtviDialect(LIMITS, "ada"),
        (
            {"label": "rtvi-ai", "type": "client-ready", "id": "1", "data": {}},
            {"label": "rtvi-ai", "type": "raw-audio", "data": {"base64Audio": "AAAA", "sampleRate": 16000}},
            {
                "label": "rtvi-ai",
                "type": "raw-audio-batch",
                "data": {"base64AudioBatch": ["AAAA"], "sampleRate": 16000},
            },
            {"label": "rtvi-ai", "type": "send-text", "data": {"content": "hi"}},
            {"label": "rtvi-ai", "type": "client-message", "id": "1", "data": {"t": "eval-connect", "d": {}}},
            {"label": "rtvi-ai", "type": "client-message", "id": "1", "data": {"t": "other", "d": {}}},
        ),
    ),
    "twilio": (
        lambda: TwilioDialect(LIMITS),
        (
            {"event": "start", "streamSid": "s", "start": {"mediaFormat": {"encoding": "audio/x-mulaw"}}},
            {"event": "media", "media": {"payload": "AAAA"}},
        ),
    ),
    "voicelab": (
        lambda: VoicelabDialect(LIMITS),
        (
            {"event": "init", "data": {"user_id": "ada", "mode": "turns", "events": ["turn_metrics"], "paced": True}},
            {"event": "audio_chunk", "data": {"audio_chunk": "AAAA", "is_final": True, "sample_rate": 16000}},
            {"event": "interrupt", "data": {"turn_id": "t", "played_s": 1.0}},
        ),
    ),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all fields and items."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def replaced(message: dict[str, Any], path: tuple[Any, ...], value: Any) -> Any:
    """The message with another value at this path."""
    if not path:
        return value
    changed = copy.deepcopy(message)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def send(dialect: Dialect, frame: str) -> list[Frame]:
    """The answers to a frame and to the turn after it."""
    try:
        answers = list(dialect.read(frame).answers)
    except Refused as refusal:
        answers = list(dialect.write(ErrorEvent(code=refusal.code, message=refusal.message, **ABOUT)))
    return [*answers, *(frame for event in REPLY for frame in dialect.write(event))]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("has_begun", [False, True], ids=["first", "later"])
def test_a_wrong_type_in_any_field_is_no_fault_of_the_server(name: str, has_begun: bool) -> None:
    """Regression: `"output_modalities": 5` ended the connection with a traceback in the log, and so did an id that is
    half a surrogate pair."""
    create, messages = DIALECTS[name]
    for message in messages:
        for path in places(message):
            for value in WRONG:
                dialect = create()
                if has_begun:
                    send(dialect, json.dumps(messages[0]))
                for answer in send(dialect, json.dumps(replaced(message, path, value))):
                    assert not isinstance(answer, str) or answer.encode()


def test_a_whole_surrogate_pair_is_a_character() -> None:
    frame = '{"label": "rtvi-ai", "type": "client-ready", "id": "\\ud83d\\ude00"}'
    (answer,) = RtviDialect(LIMITS).read(frame).answers
    assert json.loads(answer)["id"] == "😀"
