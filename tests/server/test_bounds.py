"""Every client input has a limit, and input beyond it costs little more than its transport."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from server.app import create_app
from server.frames import FrameLimits, read
from server.http.api import Command
from server.http.openai.speech import Speech
from server.messages import CLIENT_EVENTS, MOST_JSON_BYTES, ClientEvent, ClientMessage, Refused, StrictClientMessage
from server.nesting import MOST_DEPTH, is_too_deep
from server.settings import Settings
from server.web.recording import NewSet

LARGEST = Settings.model_fields["max_message_bytes"].default
Schema = dict[str, Any]


def unbounded(schema: Schema, definitions: Schema, path: str) -> Iterator[str]:
    """The places of a JSON schema that take a string, an array or an object of any length."""
    if "$ref" in schema:
        yield from unbounded(definitions[schema["$ref"].rpartition("/")[2]], definitions, path)
        return
    for kind in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(kind, ()):
            yield from unbounded(part, definitions, path)
    if schema.get("type") == "string":
        is_listed = "enum" in schema or "const" in schema
        is_file = "binary" in (schema.get("format"), schema.get("contentMediaType")) or "contentMediaType" in schema
        if not (is_listed or is_file or "maxLength" in schema or "x-limited-by" in schema):
            yield path
    if schema.get("type") == "array":
        if "maxItems" not in schema:
            yield path
        yield from unbounded(schema["items"], definitions, f"{path}[]")
    if schema.get("type") == "object":
        if schema.get("additionalProperties") not in (None, False) and "maxProperties" not in schema:
            yield path
        for name, part in schema.get("properties", {}).items():
            yield from unbounded(part, definitions, f"{path}.{name}")


@pytest.fixture(scope="module")
def description() -> Schema:
    return create_app(Settings.read(asr="fake", agent="fake", tts="fake")).openapi()


def inputs(description: Schema) -> Iterator[tuple[str, Schema]]:
    """The schema of every parameter and body of every operation."""
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                yield f"{method} {path} {parameter['name']}", parameter["schema"]
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                yield f"{method} {path} {kind}", content["schema"]


def test_every_input_of_every_route_has_a_limit(description: Schema) -> None:
    definitions = description["components"]["schemas"]
    found = dict(inputs(description))
    assert len(found) >= 15, "the walk finds the routes"
    assert [place for name, schema in found.items() for place in unbounded(schema, definitions, name)] == []


@pytest.mark.parametrize("event", CLIENT_EVENTS.values(), ids=CLIENT_EVENTS)
def test_every_field_of_every_event_has_a_limit(event: type[ClientEvent]) -> None:
    schema = event.model_json_schema()
    assert list(unbounded(schema, schema.get("$defs", {}), event.__name__)) == []


def test_a_limit_that_a_field_names_is_a_setting() -> None:
    schema = CLIENT_EVENTS["audio_chunk"].model_json_schema()
    assert schema["properties"]["audio_chunk"]["x-limited-by"].lower() in Settings.model_fields


def test_the_walk_finds_what_has_no_limit() -> None:
    class Open(BaseModel):
        text: str
        texts: list[str] | None = None
        table: dict[str, int]

    schema = Open.model_json_schema()
    assert list(unbounded(schema, {}, "Open")) == ["Open.text", "Open.texts", "Open.texts[]", "Open.table"]


def test_every_body_is_a_model_with_these_laws(description: Schema) -> None:
    """Forms are described by FastAPI itself, as Body_<operation>."""
    references = [schema.get("$ref", "").rpartition("/")[2] for _, schema in inputs(description)]
    names = {name for name in references if name and not name.startswith("Body_")}
    assert names <= {model.__name__ for model in descendants(ClientMessage)}


def descendants(model: type[ClientMessage]) -> Iterator[type[ClientMessage]]:
    for child in model.__subclasses__():
        yield child
        yield from descendants(child)


def test_a_model_that_refuses_unknown_fields_counts_them_first() -> None:
    strict = [model for model in descendants(ClientMessage) if model.model_config.get("extra") == "forbid"]
    assert all(issubclass(model, StrictClientMessage) for model in strict)
    assert Speech in strict


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (Speech, {f"{number:x}": 0 for number in range(8_000)}),
        (Speech, {"model": "m" * 60_000, "input": "x", "voice": ["v"] * 10_000}),
        (NewSet, {"name": "x", "texts": [0] * 30_000}),
        (NewSet, {"name": "x", "texts": {str(number): 0 for number in range(8_000)}}),
        (NewSet, {"name": [0] * 30_000, "texts": ["x"] * 20_000}),
        (Command, {"command": [0] * 30_000, "user_id": {str(number): 0 for number in range(5_000)}}),
        (CLIENT_EVENTS["init"], {"events": [0] * 30_000, "user_id": [0] * 30_000}),
        (CLIENT_EVENTS["init"], {"events": ["turn_metrics"] * 30_000}),
    ],
)
def test_wrong_values_make_no_more_errors_than_there_are_fields(model: type[BaseModel], data: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    assert caught.value.error_count() <= len(model.model_fields)


# The cost of a message.

AUDIO = '{"event":"audio_chunk","data":{"audio_chunk":"%s","is_final":true}}'


def bad_frames(size: int) -> dict[str, str]:
    """Frames of about this size that are almost completely invalid."""
    few, many = size // 10, size // 2
    return {
        "list": '{"event":"init","data":{"events":[' + "0," * many + "0]}}",
        "chunk of a list": '{"event":"audio_chunk","data":{"audio_chunk":[' + "0," * many + '0],"is_final":true}}',
        "fields": '{"event":"init","data":{' + ",".join(f'"{number:07x}":0' for number in range(few)) + "}}",
        "fields beside the audio": AUDIO[:-2] % "AAAA" + "".join(f',"{number:06x}":0' for number in range(few)) + "}}",
        "objects": '{"event":"init","data":{"events":[' + "{}," * (size // 3) + "{}]}}",
        "brackets": "[]" * many,
        "depth": "[" * size,
        "a long text": '{"event":"text","data":{"text":"' + "x" * size + '"}}',
        "a long text called audio": '{"event":"text","data":{"text":"x","audio_chunk":"' + "A" * size + '"}}',
        "a number": '{"event":"text","data":{"text":' + "9" * size + "}}",
        "escapes": AUDIO % ('\\"' * many),
        "no end": AUDIO.partition("%s")[0] + '\\"' * many,
        "keys": '"audio_chunk":' * (size // 14),
        "spaces": '{"event":' + " " * size + '"init"}',
        "a name": '{"event":"' + "x" * size + '","data":{}}',
    }


def cost(act: Callable[[], object]) -> float:
    """Processor seconds of this thread; the minimum of three."""

    def once() -> float:
        begun = time.thread_time()
        act()
        return time.thread_time() - begun

    return min(once() for _ in range(3))


def outcome(frame: str) -> ClientEvent | Refused:
    try:
        return read(frame, FrameLimits(LARGEST, MOST_JSON_BYTES))
    except Refused as refusal:
        return refusal


def memory(act: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [MOST_JSON_BYTES - 100, 1_000_000, LARGEST - 100], ids=["64 KiB", "1 MB", "largest"])
def test_a_bad_message_costs_little_more_than_a_good_one(size: int) -> None:
    good = AUDIO % ("A" * (size // 4 * 4 - 80))
    assert not isinstance(outcome(good), Refused)
    # A parsed megabyte of JSON took 300 times what a megabyte of audio does, and five hundred times its memory. What
    # is small enough to be parsed takes up to six times what Python's parser takes for a list of that size.
    longest = "[" + "0," * (MOST_JSON_BYTES // 2 - 1) + "0]"
    allowed_s = 5 * cost(lambda: outcome(good)) + 20 * cost(lambda: json.loads(longest))
    for name, frame in bad_frames(size).items():
        assert isinstance(outcome(frame), Refused) or size < MOST_JSON_BYTES, name
        assert cost(lambda frame=frame: outcome(frame)) < allowed_s, name
        assert memory(lambda frame=frame: outcome(frame)) < 2.5 * size + 4_000_000, name


@pytest.mark.parametrize("event", ["init", "text", "interrupt", "heartbeat", "weather"])
def test_only_audio_may_be_long(event: str) -> None:
    frame = json.dumps({"event": event, "data": {"text": "x", "audio_chunk": "A" * 2000}})
    with pytest.raises(Refused) as caught:
        read(frame, FrameLimits(LARGEST, 1024))
    refused = caught.value
    assert refused.code == "message_too_large"
    assert "MAX_JSON_BYTES" in refused.message
    assert refused.chunk_is_final is None


def test_a_chunk_that_is_too_long_besides_its_audio_ends_its_turn() -> None:
    data = {"audio_chunk": "AAAA", "is_final": True, "note": "x" * 2000}
    frame = json.dumps({"event": "audio_chunk", "data": data})
    with pytest.raises(Refused) as caught:
        read(frame, FrameLimits(LARGEST, 1024))
    refused = caught.value
    assert (refused.code, refused.chunk_is_final) == ("message_too_large", True)


def test_a_chunk_may_hold_as_much_audio_as_a_message_may() -> None:
    """Includes escaped slashes, which some encoders write."""
    for audio in ("A" * 9_000_000, "\\/" * 4_000_000):
        assert not isinstance(outcome(AUDIO % audio), Refused)


@given(st.recursive(st.text(max_size=3), lambda inner: st.lists(inner, max_size=2), max_leaves=5))
@settings(max_examples=50)
def test_depth_is_that_of_the_parsed_value(value: Any) -> None:
    text = json.dumps(value)

    def depth(part: Any) -> int:
        return 1 + max(map(depth, part), default=0) if isinstance(part, list) else 0

    beside = MOST_DEPTH - depth(value)
    assert not is_too_deep("[" * beside + text + "]" * beside)
    assert is_too_deep("[" * (beside + 1) + text)


def test_brackets_in_strings_are_not_depth() -> None:
    assert not is_too_deep(json.dumps({"text": "[" * 1000}))
