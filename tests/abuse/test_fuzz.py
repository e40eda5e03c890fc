"""The fuzz run and the soak find what they are to find, and find nothing in the server as it is."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from server import outgoing
from server.messages import CLIENT_EVENTS, ErrorCode
from tests.abuse import fuzz, promises
from tests.abuse.conversations import Composer, FuzzConversation, FuzzPlan
from tests.abuse.frames import FIN, Opcode, due, frame
from tests.abuse.parts import run_fuzz, run_soak
from tests.abuse.promises import CLOSING_CODES, CODES, SHAPES, Replies
from tests.abuse.rawsocket import RawSocket, Violation
from tests.abuse.replay import kept, replayed
from tests.abuse.seeds import make_seeds
from tests.support.serving import PROJECT
from voicelab.bench.server.findings import Measurement
from voicelab.errors import InputError

KEPT = sorted((PROJECT / "tests" / "data" / "conversations").glob("*.json"))


def no_bar(_steps: int, _label: str) -> Callable[[], None]:
    return lambda: None


def by_name(found: list[Measurement]) -> dict[str, Measurement]:
    return {finding.what: finding for finding in found}


def missed(found: dict[str, Measurement]) -> list[str]:
    return [f"{finding.what}: {finding.value:g}" for finding in found.values() if finding.is_met is False]


def test_a_short_fuzz_run_finds_nothing_and_meets_many_errors(tmp_path: Path) -> None:
    found = by_name(asyncio.run(run_fuzz(tmp_path, 300, 0, no_bar)))
    assert missed(found) == []
    assert found["mutated messages and streams, seed 0"].value >= 300
    assert found["different errors that were told"].value >= 6


def test_a_short_soak_serves_the_good_clients(tmp_path: Path) -> None:
    found = by_name(asyncio.run(run_soak(tmp_path, 6.0, no_bar)))
    # What six seconds say of memory and of time is chance.
    timed = ("resident memory", "end of speech")
    assert [one for one in missed(found) if not one.startswith(timed)] == []
    for what in ("turns spoken", "turns typed", "replies interrupted", "connections over the limit", "sessions resumed",
                 "readers that were dropped", "mutated conversations", "turns that trickled in"):  # fmt: skip
        assert found[what].value > 0


def test_what_breaks_a_promise_is_made_short_kept_and_can_be_held_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The promise is changed here, not the server: an error that it tells is not documented any more."""
    monkeypatch.setattr(promises, "CODES", CODES - {"bad_json"})
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(fuzz, "_MOST_FAILURES", 1)
    monkeypatch.setattr(fuzz, "_SHRINK_S", 4.0)
    monkeypatch.setattr(fuzz, "_WARM_UP", 0)
    found = by_name(asyncio.run(run_fuzz(tmp_path, 600, 1, no_bar)))
    assert found["conversations that broke a promise"].is_met is False
    assert any("'bad_json' is not documented" in what and "abuse replay" in what for what in found)
    paths = sorted((tmp_path / "kept").glob("*.json"))
    shortest = min((kept(path) for path in paths), key=lambda conversation: len(conversation.wire))
    assert len(shortest.pieces) <= 4
    (tmp_path / "again").mkdir()
    assert all("bad_json" in str(broken) for _, broken in asyncio.run(replayed(paths, tmp_path / "again")))


def test_conversations_that_a_server_once_failed_at_are_held_as_promised(tmp_path: Path) -> None:
    outcomes = asyncio.run(replayed(KEPT, tmp_path))
    assert len(outcomes) >= 5
    assert {path.name: broken for path, broken in outcomes if broken} == {}


def test_a_file_that_is_no_conversation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("[1, 2]")
    for name in ("no.json", "nowhere.json"):
        with pytest.raises(InputError, match=name):
            kept(tmp_path / name)


def test_a_plan_always_makes_the_same_conversation_and_its_text_the_same_bytes() -> None:
    composers = Composer(make_seeds()), Composer(make_seeds())
    chance = random.Random(5)
    for _ in range(60):
        numbers = tuple(chance.randrange(1 << 24) for _ in range(6))
        plan = FuzzPlan(
            chance.randrange(30), numbers, chance.randrange(2) * numbers[0], chance.randrange(2) * numbers[1]
        )
        one, other = (composer.conversation(plan) for composer in composers)
        assert one == other
        again = FuzzConversation.of(one.text())
        assert (again.handshake, again.wire, again.ending, again.cut) == (one.handshake, one.wire, one.ending, one.cut)


def test_the_promises_are_those_of_the_server() -> None:
    assert {code.value for code in ErrorCode} == CODES
    assert {code.value for code in ErrorCode if code.closes} == CLOSING_CODES
    models = {kind.event: kind for kind in vars(outgoing).values() if isinstance(kind, type) and hasattr(kind, "event")}
    assert models.keys() == SHAPES.keys()
    for name, shape in SHAPES.items():
        assert models[name].model_fields.keys() - {"turn_id"} == shape.keys() - {"turn_id"}, name
    sent = {one["event"] for seed in make_seeds() for one in seed.messages}
    assert sent == CLIENT_EVENTS.keys()


def said(event: str, **data: object) -> str:
    return json.dumps({"event": event, "data": data})


BEGUN = said("session_start", session_id="a", user_id="u")


def failed(code: str, message: str = "") -> str:
    return said("error", code=code, message=message, session_id=None)


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        (["{"], "no event"),
        ([said("weather")], "no event"),
        ([said("heartbeat")], "fields"),
        ([said("heartbeat", session_id=3)], "session_id"),
        ([failed("oops")], "not documented"),
        ([failed("internal_error")], "internal_error"),
        ([failed("bad_audio", "[Errno 2] no such file")], "exception"),
        ([BEGUN, said("transcription", text="x", session_id="b")], "another session"),
        ([BEGUN, said("audio_chunk", audio_chunk="", format="opus", is_final=True, session_id="a")], "was over"),
        ([failed("too_fast"), said("heartbeat", session_id=None)], "ends a connection"),
    ],
)
def test_a_reply_that_the_protocol_does_not_know_is_seen(messages: list[str], complaint: str) -> None:
    replies = Replies()
    for message in messages[:-1]:
        replies.take(message)
    with pytest.raises(Violation, match=complaint):
        replies.take(messages[-1])


@pytest.mark.parametrize(
    ("wire", "closes", "is_whole"),
    [
        (frame(b"{}"), set(), True),
        (frame(b"{", bits=0) + frame(b"", Opcode.PING) + frame(b"}", Opcode.CONTINUATION), set(), True),
        (frame(b"{", bits=0), set(), False),
        (frame(b"{}")[:-1], set(), False),
        (frame(b"\xff"), {1007}, True),
        (frame(b"\xff", Opcode.BINARY), set(), True),
        (frame("é".encode()[:1], bits=0) + frame("é".encode()[1:], Opcode.CONTINUATION), set(), True),
        (frame(b"{}", masked=False), {1002}, True),
        (frame(b"{}", bits=FIN | 0x40), {1002}, True),
        (frame(b"{}", 3), {1002}, True),
        (frame(b"{}", Opcode.CONTINUATION), {1002}, True),
        (frame(b"{", bits=0) + frame(b"{}"), {1002}, True),
        (frame(b"x" * 126, Opcode.PING), {1002}, True),
        (frame(b"", claims=10**6), {1009}, True),
        (frame(b"x" * 600, bits=0) + frame(b"x" * 600, Opcode.CONTINUATION), {1009}, True),
        (frame(b"", Opcode.CLOSE), {None}, True),
    ],
)
def test_what_a_server_owes_frames(wire: bytes, closes: set[int | None], is_whole: bool) -> None:
    found = due(wire, 1000)
    assert (set(found.closes), found.is_whole) == (closes, is_whole)


async def test_a_client_that_has_ended_leaves_pings_unanswered() -> None:
    """Its answer to a ping was written after the end of what it sends, which broke off the whole soak."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        writer.write(frame(b"?", Opcode.PING, masked=False) + frame(b"hello", masked=False))
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        client = await RawSocket.open(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
        client.half_close()
        async with asyncio.timeout(20):
            assert await client.receive() == "hello"
        await client.close()
