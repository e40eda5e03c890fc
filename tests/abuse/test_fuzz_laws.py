"""Any frame and any audio is either accepted or refused with our own message; there is no other outcome."""

from __future__ import annotations

import base64
import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.frames import FrameLimits, read
from server.messages import CLIENT_EVENTS, MOST_JSON_BYTES, AudioChunk, Refused
from tests.abuse.promises import CODES
from tests.abuse.seeds import make_seeds
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.errors import InputError

MOST_BYTES = 4_000
SEEDS = make_seeds()
SPOKEN = [seed for seed in SEEDS if seed.audio]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
FIELDS = st.sampled_from(sorted({field for event in CLIENT_EVENTS.values() for field in event.model_fields}))


def outcome(frame: str) -> None:
    """Check that a message is accepted, or refused with a code and a valid sentence."""
    try:
        event = read(frame, FrameLimits(MOST_BYTES, MOST_JSON_BYTES))
        if isinstance(event, AudioChunk):
            event.data()
    except Refused as refusal:
        code, message = refusal.code.value, refusal.message
    else:
        assert type(event) in CLIENT_EVENTS.values()
        return
    assert code in CODES
    assert message.encode()
    assert "Error" not in message
    assert len(message) < 400


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_any_text_is_an_event_or_refused(text: str) -> None:
    outcome(text)


@given(st.sampled_from([*CLIENT_EVENTS, "weather", ""]) | VALUES, VALUES | st.dictionaries(FIELDS, VALUES, max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_json_is_an_event_or_refused(name: Any, data: Any) -> None:
    outcome(json.dumps({"event": name, "data": data}))


@given(
    st.integers(1, 200),
    st.sampled_from(["[%s]", '{"a": %s}', '[{"[": "}"}, %s]']),
    st.sampled_from(["1", "[", '"[[["', "{"]),
)
@settings(max_examples=100, deadline=None)
def test_what_is_nested_deeper_than_a_hundred_levels_is_not_read_at_all(levels: int, level: str, core: str) -> None:
    """Regression: the parser used the whole stack, and objects collected there could not be finalized."""
    # One level more inside of the innermost: what is opened by the core, or the object beside it.
    text, depth = core, levels + (core in ("[", "{") or level.startswith("[{"))
    for _ in range(levels):
        text = level % text
    frame = f'{{"event": "heartbeat", "data": {{"x": {text}}}}}'
    try:
        read(frame, FrameLimits(100_000, MOST_JSON_BYTES))
        refused = ""
    except Refused as refusal:
        refused = refusal.message
    # Two levels are the message's own.
    assert ("nested" in refused) == (depth + 2 > 100)


@pytest.mark.parametrize("piece", ['\\"', '"', "[", "]{", '"[', "\\", '\\\\"'])
def test_how_deep_a_message_is_takes_no_longer_than_its_length(piece: str) -> None:
    """A million characters: quadratic scanning would take hours."""
    frame = '"' + "[]" * 200 + piece * (1_000_000 // len(piece))
    start = time.process_time()
    with pytest.raises(Refused):
        read(frame, FrameLimits(10_000_000, MOST_JSON_BYTES))
    assert time.process_time() - start < 5


@given(st.integers(0, len(SEEDS) - 1), FIELDS, VALUES)
@settings(max_examples=100, deadline=None)
def test_a_sound_message_with_one_odd_field_is_an_event_or_refused(which: int, field: str, value: Any) -> None:
    message = SEEDS[which].messages[0]
    outcome(json.dumps({**message, "data": {**message["data"], field: value}}))


@given(st.integers(0, len(SEEDS) - 1), st.integers(0, 1 << 24))
@settings(max_examples=100, deadline=None)
def test_a_garbled_message_is_an_event_or_refused(which: int, number: int) -> None:
    chance, text = random.Random(number), list(json.dumps(SEEDS[which].messages[0]))
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(text))
        text[place] = chance.choice(["", '"', "{", "}", ",", "\\u", "\x00", "\\ud83d", "NaN", "1e999", text[place] * 2])
    outcome("".join(text))


@given(st.integers(0, len(SPOKEN) - 1), st.integers(0, 1 << 24), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_sound_of_at_most_its_length_or_refused(which: int, number: int, endless: bool) -> None:
    seed, chance = SPOKEN[which], random.Random(number)
    audio = IncomingAudio(longest_s=2.0, endless=endless)
    chunks = [base64.b64decode(message["data"]["audio_chunk"]) for message in seed.messages]
    heard_s, refused = 0.0, ""
    try:
        for chunk in chunks:
            data = bytearray(chunk)
            for _ in range(chance.choice((0, 0, 1, 8))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            form = seed.form if chance.random() < 0.9 else chance.choice(("opus", "pcm16"))
            heard_s += seconds(audio.feed(bytes(data), form, seed.rate_hz))
        heard_s += seconds(audio.finish())
    except InputError as refusal:
        refused = str(refusal)
    finally:
        audio.close()
    assert endless or heard_s <= 2.0
    assert "Errno" not in refused
    assert len(refused) < 400


def seconds(clip: Clip | None) -> float:
    if clip is None:
        return 0.0
    assert clip.rate_hz == SPEECH_RATE_HZ
    return clip.duration_s
