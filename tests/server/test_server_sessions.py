"""Sessions start, can be resumed only by their user, and survive a restart of the server."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from tests.support.serving import TONE, Served, Talker, serving, talking
from voicelab.audio.opus import encode_ogg

OGG = encode_ogg(TONE)


async def reply_to(talker: Talker, text: str) -> str:
    await talker.send("text", text=text)
    return str((await talker.answer()).one("agent_response")["text"])


@pytest.mark.parametrize(
    ("query", "init", "user_id"),
    [
        ("", {}, "anonymous"),
        ("?user_id=", {"user_id": None}, "anonymous"),
        ("?user_id=ada", {}, "ada"),
        ("?user_id=ada", {"user_id": ""}, "ada"),
        ("?user_id=ada", {"user_id": "grace"}, "grace"),
        ("", {"user_id": "grace"}, "grace"),
        ("?user_id=J%C3%BCrgen%20%26", {}, "Jürgen &"),
    ],
)
async def test_the_user_is_who_init_names_else_the_query_else_anonymous(
    served: Served, query: str, init: dict[str, str], user_id: str
) -> None:
    async with talking(served, query=query) as talker:
        session = await talker.init(**init)
        assert session.keys() == {"session_id", "user_id"}
        assert session["user_id"] == user_id
        assert str(UUID(session["session_id"])) == session["session_id"]


async def test_audio_without_init_gets_its_session_first(served: Served) -> None:
    async with talking(served, query="?user_id=ada") as talker:
        await talker.say([OGG])
        session = await talker.expect("session_start")
        assert session["user_id"] == "ada"
        answer = await talker.answer()
        assert answer.one("transcription")["session_id"] == session["session_id"]
        await talker.send("init")
        await talker.refusal("already_initialized")


async def test_text_without_init_gets_its_session_first(served: Served) -> None:
    async with talking(served) as talker:
        await talker.send("text", text="hello")
        await talker.expect("session_start")
        assert "agent_response" in (await talker.answer()).names


async def test_every_connection_has_a_session_of_its_own(served: Served) -> None:
    async with talking(served) as one, talking(served) as other:
        assert (await one.init(user_id="ada"))["session_id"] != (await other.init(user_id="ada"))["session_id"]


async def test_a_session_is_resumed_with_what_was_said_in_it(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
        assert await reply_to(talker, "one") == "Turn 1. one."
    async with talking(served) as talker:
        again = await talker.init(user_id="ada", session_id=session["session_id"])
        assert again == session
        assert await reply_to(talker, "two") == "Turn 2. two."
    assert [turn["number"] for turn in served.turns(session["session_id"])] == [1, 2]


@pytest.mark.parametrize("user_id", ["eve", "anonymous"])
async def test_nobody_else_can_resume_it_and_a_new_one_can_be_begun(served: Served, user_id: str) -> None:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
    async with talking(served) as talker:
        for session_id in (session["session_id"], "no-such-session"):
            await talker.send("init", user_id=user_id, session_id=session_id)
            assert session_id in await talker.refusal("unknown_session")
        assert (await talker.init(user_id=user_id))["session_id"] != session["session_id"]
        await talker.works()


async def test_a_failed_turn_is_kept_but_is_no_part_of_the_dialogue(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init()
        await talker.say([bytes(3200)], format="pcm16")
        await talker.refusal("no_speech")
        assert await reply_to(talker, "hello") == "Turn 1. hello."
    failed, answered = served.turns(session["session_id"])
    assert (failed["error"], failed["audio_bytes_in"], failed["transcription"]) == ("no_speech", 3200, None)
    assert answered["error"] is None


async def test_the_watchlist_lasts_over_sessions_and_over_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, agent="rules") as served:
        async with talking(served) as talker:
            await talker.init(user_id="ada")
            assert "I added" in await reply_to(talker, "add NVIDIA to my watchlist")
            await reply_to(talker, "add Apple to my watchlist")
            await reply_to(talker, "add Tesla to my watchlist")
            assert "I removed" in await reply_to(talker, "remove Apple from my watchlist")
    with serving(tmp_path, agent="rules") as served:
        async with talking(served) as talker:
            await talker.init(user_id="ada")
            shown = await reply_to(talker, "show my watchlist")
            assert "2 companies" in shown
            assert shown.index("NVIDIA") < shown.index("Tesla")
            assert "already" in await reply_to(talker, "add NVIDIA to my watchlist")
        async with talking(served) as talker:
            await talker.init(user_id="grace")
            assert "empty" in await reply_to(talker, "show my watchlist")


async def test_a_session_outlasts_the_server(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        async with talking(served) as talker:
            session = await talker.init(user_id="ada")
            await reply_to(talker, "one")
    with serving(tmp_path) as served:
        async with talking(served) as talker:
            await talker.init(user_id="ada", session_id=session["session_id"])
            assert await reply_to(talker, "two") == "Turn 2. two."
