"""The shipped maps of services read the messages of the services' documentation, and send what it asks for."""

from __future__ import annotations

import base64
import json

import pytest

from tests.support.tones import tone
from voicelab.targets.mapping.loading import load_map
from voicelab.targets.mapping.wire import MapWire
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import (
    AgentText,
    AgentToolCall,
    CallerStarted,
    CallerStopped,
    CallerText,
    Fault,
    Ready,
    ReplyEnd,
    ReplyInterrupted,
)

SOUND = base64.b64encode(tone(0.1, 16_000).to_pcm16()).decode()
CALL = {"tool_name": "quote", "tool_call_id": "c1", "parameters": {"ticker": "NVDA"}}
FUNCTION = {"id": "c1", "name": "quote", "arguments": '{"ticker": "NVDA"}', "client_side": True}
CALLED = AgentToolCall("quote", {"ticker": "NVDA"}, "c1")


def turn(transcript, *, formatted, end):
    return {
        "type": "Turn",
        "turn_order": 0,
        "turn_is_formatted": formatted,
        "end_of_turn": end,
        "transcript": transcript,
        "words": [],
        "utterance": "",
    }


def content(**fields):
    return {"serverContent": fields}


READ = {
    "elevenlabs": [
        (
            {
                "type": "conversation_initiation_metadata",
                "conversation_initiation_metadata_event": {"conversation_id": "x", "agent_output_audio_format": "p"},
            },
            [Ready()],
        ),
        ({"type": "user_transcript", "user_transcription_event": {"user_transcript": "hi"}}, [CallerText("hi")]),
        ({"type": "agent_response", "agent_response_event": {"agent_response": "Hello."}}, [AgentText("Hello.")]),
        ({"type": "interruption", "interruption_event": {"event_id": 3}}, [ReplyInterrupted()]),
        ({"type": "client_tool_call", "client_tool_call": CALL}, [CALLED]),
        ({"type": "vad_score", "vad_score_event": {"vad_score": 0.9}}, []),
    ],
    "deepgram-agent": [
        ({"type": "SettingsApplied"}, [Ready()]),
        ({"type": "ConversationText", "role": "user", "content": "hi"}, [CallerText("hi")]),
        ({"type": "ConversationText", "role": "assistant", "content": "Hello."}, [AgentText("Hello.")]),
        ({"type": "UserStartedSpeaking"}, [CallerStarted(), ReplyInterrupted()]),
        ({"type": "AgentAudioDone"}, [ReplyEnd()]),
        ({"type": "FunctionCallRequest", "functions": [FUNCTION]}, [CALLED]),
        ({"type": "Error", "description": "no model", "code": "E1"}, [Fault("E1", "no model")]),
        ({"type": "AgentThinking", "content": "hm"}, []),
    ],
    "assemblyai": [
        ({"type": "Begin", "id": "x", "expires_at": 1}, [Ready()]),
        (turn("hi my", formatted=False, end=False), [CallerText("hi my", final=False)]),
        (turn("hi my name", formatted=False, end=True), [CallerText("hi my name", final=False)]),
        (turn("Hi my name.", formatted=True, end=True), [CallerText("Hi my name."), CallerStopped(), ReplyEnd()]),
        ({"error": "Unauthorized"}, [Fault("target_error", "Unauthorized")]),
    ],
    "gemini-live": [
        ({"setupComplete": {}}, [Ready()]),
        (content(inputTranscription={"text": "hi"}), [CallerText("hi", delta=True)]),
        (content(outputTranscription={"text": "Hel"}), [AgentText("Hel", delta=True)]),
        (content(interrupted=True), [ReplyInterrupted()]),
        (content(turnComplete=True), [ReplyEnd()]),
        ({"toolCall": {"functionCalls": [{"id": "c1", "name": "quote", "args": {"ticker": "NVDA"}}]}}, [CALLED]),
        ({"usageMetadata": {"totalTokenCount": 9}}, []),
    ],
}
ANSWERS = {
    "elevenlabs": [
        ({"type": "ping", "ping_event": {"event_id": 7}}, {"type": "pong", "event_id": 7}),
        (
            {"type": "client_tool_call", "client_tool_call": CALL},
            {"type": "client_tool_result", "tool_call_id": "c1", "result": "ok", "is_error": False},
        ),
    ],
    "deepgram-agent": [
        (
            {"type": "FunctionCallRequest", "functions": [FUNCTION]},
            {"type": "FunctionCallResponse", "id": "c1", "name": "quote", "content": "ok"},
        ),
    ],
    "gemini-live": [
        (
            {"toolCall": {"functionCalls": [{"id": "c1", "name": "quote", "args": {}}]}},
            {"toolResponse": {"functionResponses": [{"id": "c1", "name": "quote", "response": {"result": "ok"}}]}},
        ),
    ],
}
SOUNDS = {
    "elevenlabs": json.dumps({"type": "audio", "audio_event": {"audio_base_64": SOUND, "event_id": 1}}),
    "deepgram-agent": base64.b64decode(SOUND),
    "gemini-live": json.dumps(
        content(modelTurn={"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": SOUND}}]})
    ),
}


def wire(name):
    return MapWire(load_map(name), {"model": "models/m", "key": "k", "agent": "a"})


def read(name, message):
    return wire(name).read(message if isinstance(message, bytes | str) else json.dumps(message)).events


@pytest.mark.parametrize(("name", "message", "meaning"), [(n, *pair) for n, pairs in READ.items() for pair in pairs])
def test_a_documented_message_has_its_meaning(name, message, meaning):
    assert [event for event in read(name, message) if not isinstance(event, events.MessagesToSend)] == meaning


@pytest.mark.parametrize(("name", "message", "answer"), [(n, *pair) for n, pairs in ANSWERS.items() for pair in pairs])
def test_what_asks_for_an_answer_gets_it(name, message, answer):
    (found,) = [event for event in read(name, message) if isinstance(event, events.MessagesToSend)]
    assert [json.loads(frame) for frame in found.frames] == [answer]


@pytest.mark.parametrize("name", SOUNDS)
def test_the_reply_is_heard(name):
    (event,) = read(name, SOUNDS[name])
    assert len(event.clip.samples) == 1_600


def test_a_session_begins_as_documented():
    (settings,) = read("deepgram-agent", {"type": "Welcome", "request_id": "r"})
    assert json.loads(settings.frames[0])["audio"]["input"] == {"encoding": "linear16", "sample_rate": 24_000}
    assert [json.loads(one) for one in wire("elevenlabs").opening()] == [
        {"type": "conversation_initiation_client_data"}
    ]
    (setup,) = [json.loads(one)["setup"] for one in wire("gemini-live").opening()]
    assert (setup["model"], setup["generationConfig"]) == ("models/m", {"responseModalities": ["AUDIO"]})
    assert [json.loads(one) for one in wire("assemblyai").closing()] == [{"type": "Terminate"}]


def test_the_callers_sound_is_sent_as_documented():
    clip = tone(0.02, 16_000)
    (chunk,) = wire("elevenlabs").sound(clip)
    assert json.loads(chunk) == {"user_audio_chunk": base64.b64encode(clip.to_pcm16()).decode()}
    (chunk,) = wire("gemini-live").sound(clip)
    assert json.loads(chunk)["realtimeInput"]["audio"]["mimeType"] == "audio/pcm;rate=16000"
    assert wire("assemblyai").sound(tone(0.05, 16_000)) == (tone(0.05, 16_000).to_pcm16(),)
