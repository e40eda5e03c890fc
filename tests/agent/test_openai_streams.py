"""Replies of servers that differ from OpenAI's: unusual streams, tool calls in unusual parts, malformed data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.model_server import Model, ModelServer, Refuse, Sent, Text, model_server
from voicelab.agent.base import Dialogue, Reply, WatchlistChange, whole
from voicelab.agent.openai.agent import OpenAIAgent
from voicelab.agent.openai.spoken_text import SpokenText
from voicelab.errors import EngineError

NVIDIA, TESLA = '{"company": "Nvidia"}', '{"company": "Tesla"}'


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def agent_of(model: Model, **options: Any) -> Iterator[tuple[OpenAIAgent, ModelServer]]:
    with model_server(model) as server:
        agent = OpenAIAgent(base_url=server.base_url, model="stub", **{"retries": 0, **options})
        agent.load()
        yield agent, server


def reply_to(*bodies: bytes | Sent, heard: str = "add nvidia to my watchlist", **options: Any) -> Reply:
    """Ask an agent whose server sends these bodies, one for each request."""
    left = list(bodies)
    sent = lambda body: body if isinstance(body, Sent) else Sent(body)  # noqa: E731
    with agent_of(lambda _: sent(left.pop(0)), **options) as (agent, _):
        return whole(agent.respond(heard, Dialogue()))


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> str:
    return json.dumps({"id": "c", "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}]} | more)


def call(index: int | None, call_id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    fields = {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}
    return {key: value for key, value in fields.items() if value is not None}


def calls(*parts: dict[str, Any]) -> str:
    return chunk({"tool_calls": list(parts)})


def events(*data: str, end: str = "\n") -> bytes:
    return "".join(f"data: {one}{end}{end}" for one in (*data, "[DONE]")).encode()


HELLO, STOP, CALLED = chunk({"content": "Hello there."}), chunk(finish="stop"), chunk(finish="tool_calls")
DONE = events(chunk({"content": "Done."}), STOP)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + events(HELLO, STOP),
        events(HELLO, STOP, end="\r\n"),
        events(HELLO, STOP, end="\r"),
        b": PROCESSING\n\n: ping\n" + events(HELLO, STOP),
        b"retry: 3000\n\nid: 7\n\n" + events(HELLO, STOP),
        b"event: ping\n\nevent: ping\ndata: {}\n\n" + events(HELLO, STOP),
        b"data:\n\n" + events(HELLO, STOP),
        events(json.dumps(json.loads(HELLO), indent=1).replace("\n", "\ndata: "), STOP),
        events(HELLO, STOP).replace(b"data: ", b"data:"),
        events(HELLO, STOP).removesuffix(b"data: [DONE]\n\n"),
        events('{"choices": null}', '{"id": "c"}', HELLO, STOP, chunk(choices=[], usage={})),
        events(HELLO, json.dumps({"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]})),
        events(chunk({"reasoning_content": "Greet."}), chunk({"reasoning": "Greet."}), HELLO, STOP),
        events(chunk({"content": [{"type": "thinking"}, {"type": "text", "text": "Hello there."}]}), STOP),
        events(chunk({"refusal": "Hello there."}), STOP),
        events(*(chunk({"content": piece}) for piece in ("\n<thi", "nk>Greet.", "</think>\n")), HELLO, STOP),
        events(HELLO, STOP, chunk(choices=[], usage=[1])),
    ],
    ids=[
        "byte order mark", "CRLF", "CR", "comments", "retry and id", "keepalives", "empty data", "several data lines",
        "no space", "no [DONE]", "no choices", "no delta", "reasoning", "text in parts", "refusal", "thoughts",
        "usage that is not an object",
    ],
)  # fmt: skip
def test_a_stream_in_another_style_gives_the_same_reply(body: bytes) -> None:
    assert reply_to(body).text.strip() == "Hello there."


@pytest.mark.parametrize(
    ("parts", "made"),
    [
        ([calls(call(0, "a", "quote", NVIDIA)), calls(call(2, "b", "quote", TESLA))], [NVIDIA, TESLA]),
        ([calls(call(0, "a", "quote", "")), *(calls(call(0, None, None, letter)) for letter in NVIDIA)], [NVIDIA]),
        (
            [
                calls(call(0, "a", "quote", NVIDIA[:4]), call(1, "b", "quote", "")),
                calls(call(1, None, None, TESLA), call(0, None, None, NVIDIA[4:])),
            ],
            [NVIDIA, TESLA],
        ),
        ([calls(call(0, "a", "quote", NVIDIA)), calls(call(0, "b", "quote", TESLA))], [NVIDIA, TESLA]),
        ([calls(call(None, "a", "quote", "")), calls(call(None, None, None, NVIDIA))], [NVIDIA]),
        ([calls(call(None, None, "quote", NVIDIA)), calls(call(None, None, "quote", TESLA))], [NVIDIA, TESLA]),
        ([calls(call(0, "a", "quote", NVIDIA[:4])), calls(call(0, "a", "quote", NVIDIA[4:]))], [NVIDIA]),
        ([calls(call(0, "a", "qu", "")), calls(call(0, None, "ote", NVIDIA))], [NVIDIA]),
        ([calls(call(0, "a", "quote", json.loads(NVIDIA)))], [NVIDIA]),
    ],
    ids=[
        "gap", "letters", "interleaved", "index 0 twice", "no index", "no index and no id", "repeated name and id",
        "name in parts", "arguments as an object",
    ],
)  # fmt: skip
def test_calls_in_unusual_parts_are_assembled(parts: Sequence[str], made: Sequence[str]) -> None:
    reply = reply_to(events(*parts, CALLED), DONE)
    assert [(one.name, one.arguments, one.error) for one in reply.tool_calls] == [
        ("quote", json.loads(arguments), None) for arguments in made
    ]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (events(chunk({"content": "Hel"}), "{oops", STOP), "sent a reply that cannot be read: Expecting property name"),
        (events("[]", STOP), "sent a reply that cannot be read"),
        (events(chunk({"tool_calls": call(0, "a", "quote", NVIDIA)}), CALLED), "sent a reply that cannot be read"),
        (events(HELLO, STOP).replace(b"Hello", b"caf\xe9"), "sent a reply that cannot be read: 'utf-8'"),
        (events(HELLO, '{"error": {"message": "overloaded"}}'), "failed: overloaded"),
        (events(HELLO), "ended its reply early"),
        (events(calls(call(0, "a", "watchlist_add", NVIDIA))), "ended its reply early"),
        (Sent(events(calls(call(0, "a", "watchlist_add", NVIDIA)))[:-14], whole=False), "cannot be reached"),
        (
            events(calls(call(0, "a", "watchlist_view", "")), chunk(finish="length")),
            r"ended its reply early \(length\)",
        ),
        (events(chunk({"content": "<think>So"}), chunk(finish="length")), r"ended its reply early \(length\)"),
        (events(chunk(finish="content_filter")), r"ended its reply early \(content_filter\)"),
        (events(chunk({"function_call": {"name": "quote"}}), chunk(finish="function_call")), r"\(function_call\)"),
        (Sent(b"<html>Sign in</html>", content_type="text/html"), "ended its reply early"),
        (b"", "ended its reply early"),
    ],
)
def test_a_reply_that_is_broken_or_incomplete_is_an_engine_error(body: bytes | Sent, complaint: str) -> None:
    """No call of such a reply runs, because the server may have meant another one."""
    with pytest.raises(EngineError, match=complaint) as caught:
        reply_to(body)
    assert "http://127.0.0.1" in str(caught.value)


def response_event(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "sequence_number": 0} | fields)


def test_an_incomplete_response_runs_no_call() -> None:
    item = {"type": "function_call", "id": "i", "call_id": "c", "name": "watchlist_add", "arguments": NVIDIA}
    done = response_event("response.output_item.done", item=item, output_index=0)
    details = {"id": "r", "incomplete_details": {"reason": "max_output_tokens"}, "usage": None}
    incomplete = response_event("response.incomplete", response=details)
    with pytest.raises(EngineError, match=r"ended its reply early \(max_output_tokens\)"):
        reply_to(events(done, incomplete), api="responses")
    text = response_event("response.output_text.delta", delta="Half a")
    assert reply_to(events("{}", text, incomplete), api="responses").text == "Half a"
    refusal = response_event("response.refusal.delta", delta="No.")
    completed = response_event("response.completed", response={"id": "r", "usage": {"input_tokens": "7"}})
    reply = reply_to(events(refusal, completed), api="responses")
    assert (reply.text, reply.usage.prompt_tokens) == ("No.", None)


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("__class__", NVIDIA, "there is no tool '__class__'"),
        ("watchlist_add.run", NVIDIA, "there is no tool 'watchlist_add.run'"),
        ("x" * 100_000, NVIDIA, "there is no tool 'xxx"),
        ("watchlist_add", '{"company": "Nvidia", "force": true}', "force: Extra inputs are not permitted"),
        ("watchlist_add", json.dumps(NVIDIA), "the arguments must be an object"),
        ("watchlist_add", '{"company": NaN}', "NaN is not a JSON value"),
        ("watchlist_add", '{"company": 5}', "company: Input should be a valid string"),
        ("watchlist_add", '{"company": ' + "9" * 6000 + "}", "the arguments are not JSON"),
        ("watchlist_add", json.dumps({"company": "Nvidia " * 100}), "company: String should have at most 200"),
        ("watchlist_add", json.dumps({"company": "Nvidia " * 9000}), "have 63015 characters; at most 20000"),
        ("watchlist_add", '{"company": ' + "[" * 15_000, "the arguments are not JSON"),
        ("watchlist_add", '{"company": "\\ud800"}', "no company '?' is known"),
    ],
)
def test_a_call_that_is_not_clear_changes_nothing(name: str, arguments: str, complaint: str) -> None:
    reply = reply_to(events(calls(call(0, "a", name, arguments)), CALLED), DONE)
    (made,) = reply.tool_calls
    assert complaint in made.error
    assert reply.changes == ()
    assert len(json.dumps([made.name, dict(made.arguments), made.result, made.error])) < 3000
    assert reply.text.endswith("Done.")


def test_a_call_that_is_requested_twice_changes_the_list_once() -> None:
    twice = [call(index, f"c{index}", "watchlist_add", NVIDIA) for index in (0, 1)]
    reply = reply_to(events(calls(*twice), CALLED), DONE)
    assert reply.changes == (WatchlistChange("add", "NVDA"),)
    assert "already" in reply.tool_calls[1].result


def test_a_turn_makes_a_limited_number_of_calls() -> None:
    many = [call(index, f"c{index}", "watchlist_view", "{}") for index in range(60)]
    made = reply_to(events(calls(*many), CALLED), DONE).tool_calls
    assert [one.error is None for one in made] == [True] * 50 + [False] * 10
    assert made[-1].error == "not run: a turn makes at most 50 calls"


def test_a_server_that_asks_for_a_long_pause_is_named_with_its_answer() -> None:
    with (
        agent_of(lambda _: Refuse(429, "slow down", {"retry-after": "30"}), retries=2, timeout_s=3) as (agent, _),
        pytest.raises(EngineError, match="answered 429 and asked for a pause beyond timeout_s=3"),
    ):
        whole(agent.respond("hello", Dialogue()))


def test_a_short_pause_is_waited_for() -> None:
    asked = []

    def model(_: object) -> object:
        asked.append(1)
        return Refuse(429, "slow down", {"retry-after": "0.1"}) if len(asked) == 1 else [Text("Here.")]

    with agent_of(model, retries=1) as (agent, _):
        assert whole(agent.respond("hello", Dialogue())).text == "Here."


@pytest.mark.parametrize(
    ("pieces", "spoken"),
    [
        (["Hello <think>", " there"], "Hello <think> there"),
        (["<", "b> is bold"], "<b> is bold"),
        (["<think>a</think><think>b</think>c"], "c"),
        (["<think>never ends"], ""),
        ([" ", "<"], " <"),
        (["smile \ud83d", "\ude00!"], "smile \U0001f600!"),
        (["half \ud83d", " pair \ude00"], "half \ufffd pair \ufffd"),
        (["end \ud83d"], "end \ufffd"),
    ],
)
def test_spoken_text_has_no_thoughts_and_can_be_stored(pieces: Sequence[str], spoken: str) -> None:
    text = SpokenText()
    said = "".join(text.take(piece) for piece in pieces) + text.end()
    assert said == spoken
    assert text.is_empty == (not spoken)
    said.encode()
