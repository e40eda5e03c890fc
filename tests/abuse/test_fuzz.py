"""The fuzz run and the soak find planted bugs, and no bugs in the real server."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import outgoing
from server.messages import CLIENT_EVENTS, ErrorCode
from tests.abuse import fuzz, good_clients, holding, promises, rude_clients, soak
from tests.abuse.__main__ import main
from tests.abuse.attackers import until_answered
from tests.abuse.conversations import Composer, FuzzConversation, FuzzPlan
from tests.abuse.frames import FIN, Opcode, due, frame
from tests.abuse.parts import Bar, run_soak
from tests.abuse.promises import CLOSING_CODES, CODES, SHAPES, Replies
from tests.abuse.rawsocket import RawSocket, Violation
from tests.abuse.replay import kept, replayed_with
from tests.abuse.seeds import make_seeds
from tests.support.serving import PROJECT, Served, spawned
from voicelab.analysis.bench.server import remains
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.errors import InputError

KEPT = sorted((PROJECT / "tests" / "data" / "conversations").glob("*.json"))


def log_of(served: Served) -> Path:
    return served.database.parent / "server.log"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    engines = {name.upper(): spec for name, spec in fuzz.ENGINES.items()}
    folder = tmp_path_factory.mktemp("served")
    with spawned(folder, **engines, **fuzz.SETTINGS, RECORDINGS_DIR=str(folder / "recordings")) as running:
        until_answered(running)
        yield running


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip waiting for freed memory, because memory is not compared here."""
    monkeypatch.setattr(remains, "_GIVES_BACK_S", 0.1)
    monkeypatch.setattr(remains, "_AT_ONCE", 10)


def by_name(found: list[Measurement]) -> dict[str, Measurement]:
    return {finding.what: finding for finding in found}


def fuzzed(served: Served, count: int, seed: int) -> dict[str, Measurement]:
    return by_name(asyncio.run(fuzz.fuzz(served.http, log_of(served), count, seed, lambda: None)))


def missed(found: dict[str, Measurement]) -> list[str]:
    """The missed guarantees, except memory and time, which a short run cannot measure."""
    timed = ("resident memory", "end of speech", "what the server adds")
    return [
        f"{one.what}: {one.value:g}" for one in found.values() if one.is_met is False and not one.what.startswith(timed)
    ]


def test_a_short_fuzz_run_finds_nothing_and_meets_many_errors(served: Served) -> None:
    found = fuzzed(served, 160, seed=0)
    assert missed(found) == []
    assert found["mutated messages and streams, seed 0"].value >= 160
    assert found["different errors that were told"].value >= 6


def test_a_short_soak_serves_the_good_clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "AGE_TURNS", 3)
    monkeypatch.setattr(soak, "MOST_CONNECTIONS", 10)  # the connections of the warm-up
    monkeypatch.setattr(soak, "_WARM_UP_SHARE", 0.0)
    # Also the server's limit for pongs, which well-behaved clients must meet on a busy machine.
    monkeypatch.setattr(rude_clients, "READER_TIMEOUT_S", 3.0)
    monkeypatch.setitem(soak.SETTINGS, "READER_TIMEOUT_S", "3")
    for module, name in ((good_clients, "PATIENCE_S"), (holding, "PATIENCE_S"), (remains, "_PATIENCE_S")):
        monkeypatch.setattr(module, name, 120.0)
    monkeypatch.setattr(remains, "_AT_ONCE", 40)  # as many database connections as the soak may need
    expected = {"turns spoken", "turns typed", "replies interrupted", "connections over the limit", "sessions resumed",
                "readers that were dropped", "mutated conversations", "turns that trickled in"}  # fmt: skip
    # On a busy machine not every client has had its turn after a few seconds: then they are given more.
    late = expected
    for duration_s in (6.0, 15.0, 60.0):
        folder = tmp_path / f"{duration_s:g}"
        folder.mkdir()
        found = by_name(asyncio.run(run_soak(folder, duration_s, lambda _steps, _label: lambda: None)))
        late = {what for what in late if what not in found or found[what].value == 0}
        broken = [one for one in missed(found) if one.rpartition(": ")[0] not in expected]
        assert not broken, "\n".join(broken)
        if not late:
            break
    assert not late


def test_what_breaks_a_promise_is_made_short_kept_and_can_be_held_again(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Change the documentation instead of the server: remove an error that the server sends."""
    monkeypatch.setattr(promises, "CODES", CODES - {"bad_json"})
    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(fuzz, "_MOST_FAILURES", 1)
    monkeypatch.setattr(fuzz, "_SHRINK_S", 3.0)
    monkeypatch.setattr(fuzz, "_WARM_UP", 0)
    found = fuzzed(served, 600, seed=1)
    assert found["conversations that broke a promise"].is_met is False
    assert any("'bad_json' is not documented" in what and "abuse replay" in what for what in found)
    paths = sorted((tmp_path / "kept").glob("*.json"))
    shortest = min((kept(path) for path in paths), key=lambda conversation: len(conversation.wire))
    assert len(shortest.pieces) <= 4
    assert all("bad_json" in str(broken) for broken in replies_to(served, paths).values())


def replies_to(served: Served, paths: list[Path]) -> dict[str, str | None]:
    """The violation of each saved conversation, by file name."""
    conversations = [(path, kept(path)) for path in paths]
    outcomes = asyncio.run(replayed_with(served.http, log_of(served), conversations))
    return {path.name: broken for path, broken in outcomes}


def test_conversations_that_a_server_once_failed_at_are_held_as_promised(served: Served) -> None:
    outcomes = replies_to(served, KEPT)
    assert len(outcomes) >= 5
    assert set(outcomes.values()) == {None}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["fuzz", "--count", "0"], 2), (["soak", "--minutes", "x"], 2), (["replay", "/nowhere.json"], 2), ([], 2)],
)
def test_the_command_refuses_bad_input(
    arguments: list[str], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["abuse", *arguments])
    try:
        ended = main()
    except SystemExit as exit_:
        ended = exit_.code
    assert ended == status
    assert "error" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "status"), [(1.0, 0), (3.0, 1)])
def test_the_command_prints_figures_and_exits_with_one_on_a_miss(
    value: float, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def instead(_folder: Path, count: int, seed: int, bar: Bar) -> list[Measurement]:
        bar(count, "pieces")()
        return [Measurement("fuzz", f"a figure, seed {seed}", value, "", count, most=2.0)]

    monkeypatch.setattr("tests.abuse.__main__.run_fuzz", instead)
    monkeypatch.setattr("sys.argv", ["abuse", "fuzz", "--count", "7", "--seed", "5"])
    assert main() == status
    assert "a figure, seed 5" in capsys.readouterr().out


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
    """Regression: a pong after the end of the stream aborted the whole soak."""

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
