"""Agents that break their protocol: each conversation ends in time with the owner of its fault."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from itertools import product
from time import perf_counter

import pytest

from tests.support.caller_sound import utterance
from tests.support.known_answers.call import ANSWER
from tests.support.known_answers.wires import ChirpAgentWire, PhoneAgentWire, RealtimeAgentWire, RTVIAgentWire
from tests.support.peer_transport import PeerTransport
from tests.support.tones import tone
from voicelab.errors import ConnectionLostError, NoReplyError
from voicelab.targets.catalog import target_config
from voicelab.targets.faults import owner_of
from voicelab.targets.phone_dialects import phone_dialects
from voicelab.targets.streaming.session import _UNREADABLE, StreamSession
from voicelab.targets.streaming.turn import TurnLimits, TurnState

LIMITS = TurnLimits(timeout_s=0.4, quiet_s=0.1, end_wait_s=0.1, transcript_wait_s=0.1, longest_reply_s=0.4)
PROTOCOLS = {
    "openai-realtime": (RealtimeAgentWire, "openai-realtime:url=ws://127.0.0.1:1"),
    "rtvi": (lambda: RTVIAgentWire(protobuf=False), "rtvi:url=ws://127.0.0.1:1,format=json"),
    "twilio": (lambda: PhoneAgentWire("twilio"), "twilio:url=ws://127.0.0.1:1"),
    "map:chirp": (ChirpAgentWire, "map:chirp,url=ws://127.0.0.1:1"),
}
WITH_TEXT = [name for name in PROTOCOLS if name != "twilio"]


async def converse(protocol, script):
    """One turn with an agent that follows a script once it hears the caller."""
    make_wire, spec = PROTOCOLS[protocol]
    target = target_config(spec).build()
    peer = PeerTransport(make_wire())
    session = StreamSession(target.wire("ada"), peer, LIMITS, session_id="ada", signals=target.capabilities)

    async def act():
        await peer.heard.wait()
        await script(peer)

    acting = asyncio.create_task(act())
    try:
        await session.begin(ready_s=0.5, greeting_s=0.0)
        return await session.speak(utterance(0.05), "realtime")
    finally:
        acting.cancel()
        await session.close()


async def wrong_types(peer):
    names = ("type", "event", "label", "data", "media", "delta", "response", "transcript", "item", "role")
    peer.put(*(json.dumps({name: wrong}) for name, wrong in product(names, (None, 7, [1], {"a": []}))))
    peer.answer()


async def foreign_events(peer):
    peer.put('{"type": "mcp_list_tools.in_progress"}', '{"event": "sip.invite"}', '{"kind": {"of": [1, {}]}}', "{}")
    peer.answer()


async def not_json(peer):
    peer.put("", "hello", "[1, 2]", "null", "1e999", "\x00", '{"type"', "[" * 5_000)
    peer.answer()


async def binary(peer):
    peer.put(b"", b"\xff\xfe", bytes(range(256)))
    peer.answer()


@pytest.mark.parametrize(
    ("protocol", "script"),
    [
        *product(PROTOCOLS, (wrong_types, foreign_events, not_json)),
        # A binary message is sound for the map.
        *((protocol, binary) for protocol in PROTOCOLS if protocol != "map:chirp"),
    ],
)
async def test_messages_that_cannot_be_read_do_not_hide_the_reply(protocol, script):
    outcome = await converse(protocol, script)
    assert outcome.error is None
    assert len(outcome.received) == 1
    assert outcome.answer == (ANSWER if protocol in WITH_TEXT else None)


async def only_garbage(peer):
    peer.put(*["what?"] * 200)


async def trickle_of_sound(peer):
    while True:
        peer.put(*peer.wire.pieces([tone(0.001, peer.wire.rate_hz)]))
        await asyncio.sleep(0.02)


async def endless_sound(peer):
    while True:
        peer.put(*peer.wire.pieces([tone(0.2, peer.wire.rate_hz)]))
        await asyncio.sleep(0.02)


async def trickle_of_text(peer):
    while True:
        peer.put(*peer.wire.texts("so", f"so far {perf_counter()}"))
        await asyncio.sleep(0.02)


FAULTS = {
    only_garbage: "unreadable_messages",
    trickle_of_sound: "reply_too_long",
    endless_sound: "reply_too_long",
    trickle_of_text: "reply_too_long",
}


@pytest.mark.parametrize("script", FAULTS, ids=lambda script: script.__name__)
async def test_what_never_becomes_a_reply_fails_the_turn_in_time_as_the_agents_fault(script):
    protocols = WITH_TEXT if script is trickle_of_text else list(PROTOCOLS)
    began_s = perf_counter()
    for outcome in await asyncio.gather(*(converse(protocol, script) for protocol in protocols)):
        assert outcome.error is not None
        assert (outcome.error[0], owner_of(outcome.error[0])) == (FAULTS[script], "agent")
    assert perf_counter() - began_s < 20.0, "they never end by themselves"


async def hears_and_says_nothing(peer):
    await asyncio.sleep(60)


async def goes_away(peer):
    peer.put(ConnectionLostError("it closed"))


GONE = {hears_and_says_nothing: NoReplyError, goes_away: ConnectionLostError}


@pytest.mark.parametrize(("script", "error"), GONE.items(), ids=lambda one: one.__name__)
async def test_an_agent_that_is_gone_ends_the_conversation(script, error):
    results = await asyncio.gather(*(converse(one, script) for one in PROTOCOLS), return_exceptions=True)
    assert [type(result) for result in results] == [error] * len(PROTOCOLS)


NAMES = {
    "openai-realtime": (
        "type",
        (
            "session.created session.updated input_audio_buffer.speech_started error response.created response.done "
            "conversation.item.input_audio_transcription.delta conversation.item.input_audio_transcription.completed "
            "conversation.item.input_audio_transcription.failed response.output_audio.delta response.output_text.done "
            "response.output_audio_transcript.delta response.output_item.done response.function_call_arguments.done"
        ).split(),
        ("delta", "transcript", "response", "item", "error", "item_id", "content_index", "event_id", "name"),
    ),
    "rtvi": (
        "type",
        (
            "bot-ready user-transcription user-input bot-llm-text bot-tts-text bot-transcription bot-tts-audio "
            "raw-audio llm-function-call error error-response"
        ).split(),
        ("data", "label", "id"),
    ),
    **{
        f"twilio:{name}": (
            dialect.kind,
            [dialect.plays or "sound", dialect.clears, dialect.marks, "stop"],
            ("media", "mark", "name"),
        )
        for name, dialect in phone_dialects().items()
    },
    "map:chirp": ("type", ["clear", "transcript"], ("role", "text", "final")),
}
WRONG = (
    None, True, -1, 10**30, float("inf"), float("nan"), "", "x", "\ud800", "AAA", [], [1], {}, {"a": 1},
    {"text": 1}, {"text": []}, {"arguments": [1], "function_name": 5}, {"error": [0]}, {"output": 5}, {"output": [5]},
    {"output": [{"type": "function_call", "arguments": "[1]"}]}, {"payload": 5}, {"payload": "AAA"}, {"name": []},
    *({"audio": "AAAAAAAA", "sample_rate": rate_hz} for rate_hz in (0, 1, 10**30, "8k", [], 24_000)),
    *({"audio": "AAAAAAAA", "sample_rate": 24_000, "num_channels": count} for count in (-1, 0, 3, 1e9, "two")),
)  # fmt: skip


def wires(protocol):
    name, _, dialect = protocol.partition(":")
    if name == "twilio":
        return target_config(f"twilio:url=ws://127.0.0.1:1,dialect={dialect}").build().wire("ada")
    return target_config(PROTOCOLS[protocol][1]).build().wire("ada")


@pytest.mark.parametrize("protocol", NAMES)
def test_fields_of_any_type_are_read_or_refused_and_never_crash(protocol):
    """Whatever a message holds, its texts are texts, its arguments objects and its sound has a rate."""
    wire, (key, names, fields) = wires(protocol), NAMES[protocol]
    state = TurnState(LIMITS, marks_end=True, wants_transcript=True)
    for name, field, wrong in product(names, fields, WRONG):
        message = json.dumps({key: name, "label": "rtvi-ai", field: wrong})
        with suppress(*_UNREADABLE):
            state.take(0.0, wire.read(message))
    outcome = state.finish(0.0)
    assert isinstance(outcome.heard, str | None)
    assert isinstance(outcome.answer, str | None)
    assert all(isinstance(call.arguments, dict) and isinstance(call.name, str) for call in outcome.tool_calls or ())
    assert all(8_000 <= piece.clip.rate_hz <= 24_000 for piece in outcome.received)
