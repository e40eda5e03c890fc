"""The HTTP routes beside the WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from tests.support.serving import TONE, Served, serving, talking

SESSIONS = "/api/conversation-sessions/sessions"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), agent="rules") as running:
        yield running


def test_health_names_the_engines_as_loaded(http: httpx.Client) -> None:
    body = http.get("/").json()
    assert body["status"] == "ok"
    assert body["version"]
    assert [(engine["kind"], engine["name"]) for engine in body["engines"]] == [
        ("asr", "fake"),
        ("agent", "rules"),
        ("tts", "fake"),
    ]


@pytest.mark.parametrize(
    "path",
    ["/", "/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json", "/app/", "/app", "/app/record",
     "/v1/models", "/v1/models/nothing", SESSIONS, "/ws/status/audio", "/nothing", "/v1/audio/speech",
     "/ws/voice/simple"],
)  # fmt: skip
def test_head_is_answered_like_get_without_a_body(http: httpx.Client, path: str) -> None:
    asked, got = http.head(path), http.get(path)
    assert asked.status_code == got.status_code
    assert asked.headers["Content-Type"] == got.headers["Content-Type"] if got.content else True
    assert asked.content == b""


async def test_status_counts_the_open_connections(served: Served, http: httpx.Client) -> None:
    async with talking(served) as one, talking(served) as other:
        await one.init()
        await other.init()
        body = (await asyncio.to_thread(http.get, "/ws/status/audio")).json()
        assert body["active_connections"] == 2
        assert body["status"] == "ok"
        assert body["endpoint"] == "/ws/voice/simple"
        assert len(body["engines"]) == 3


def test_a_command_is_a_typed_turn_with_its_context(http: httpx.Client) -> None:
    first = http.post("/api/voice/command", json={"command": "latest news about NVIDIA", "user_id": "ada"}).json()
    assert first.keys() == {"response_text", "intent", "entities", "session_id", "processing_time_ms"}
    assert first["intent"] == "news_query"
    assert [entity["value"] for entity in first["entities"]] == ["NVDA"]
    assert first["processing_time_ms"] > 0
    again = {"command": "add it to my watchlist", "user_id": "ada", "session_id": first["session_id"]}
    second = http.post("/api/voice/command", json=again).json()
    assert second["session_id"] == first["session_id"]
    assert "NVDA" in second["response_text"]
    shown = http.post("/api/voice/command", json={"command": "show my watchlist", "user_id": "ada"}).json()
    assert "NVIDIA" in shown["response_text"]
    turns = http.get(f"{SESSIONS}/{first['session_id']}").json()["turns"]
    assert [(turn["kind"], turn["intent"]) for turn in turns] == [("typed", "news_query"), ("typed", "watchlist_add")]


@pytest.mark.parametrize("user_id", ["eve", "ada"])
def test_a_command_in_a_session_that_is_not_the_users_is_404(http: httpx.Client, user_id: str) -> None:
    begun = http.post("/api/voice/command", json={"command": "hello", "user_id": "ada"}).json()["session_id"]
    session_id = begun if user_id == "eve" else "no-such-session"
    response = http.post("/api/voice/command", json={"command": "x", "user_id": user_id, "session_id": session_id})
    assert response.status_code == 404
    assert response.json()["detail"]["code"] == "unknown_session"
    assert session_id in response.json()["detail"]["message"]


@pytest.mark.parametrize("body", [{}, {"command": " "}, {"command": "x" * 2001}, {"command": 3}])
def test_a_bad_command_is_422(http: httpx.Client, body: dict[str, object]) -> None:
    response = http.post("/api/voice/command", json=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "command"]


@pytest.mark.parametrize("field", ["command", "user_id"])
def test_half_a_surrogate_pair_is_422_and_what_was_said_is_not_logged(
    http: httpx.Client, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Regression: the status was 500, and the traceback in the log contained the command."""
    body = json.dumps({"command": "xylophone", field: "xylophone \ud800"})
    response = http.post("/api/voice/command", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", field]
    assert "xylophone" not in caplog.text + response.text


def test_sessions_are_listed_newest_first_by_user_and_by_page(http: httpx.Client) -> None:
    made = [
        http.post("/api/voice/command", json={"command": "hello", "user_id": "lister"}).json()["session_id"]
        for _ in range(3)
    ]
    page = http.get(SESSIONS, params={"user_id": "lister"}).json()
    assert [session["session_id"] for session in page["sessions"]] == made[::-1]
    assert (page["total"], page["limit"], page["offset"]) == (3, 50, 0)
    assert {session["user_id"] for session in page["sessions"]} == {"lister"}
    assert page["sessions"][0]["turn_count"] == 1
    middle = http.get(SESSIONS, params={"user_id": "lister", "limit": 1, "offset": 1}).json()
    assert [session["session_id"] for session in middle["sessions"]] == [made[1]]
    assert http.get(SESSIONS, params={"user_id": "nobody"}).json()["sessions"] == []
    assert http.get(SESSIONS).json()["total"] >= 3
    assert http.get(SESSIONS, params={"limit": 0}).status_code == 422


async def test_a_session_shows_its_turns_with_times_in_utc(served: Served, http: httpx.Client) -> None:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
        await talker.say([TONE.to_pcm16()], format="pcm16")
        answer = await talker.answer()
        await talker.say([b""])
        await talker.refusal("no_audio")
        body = (await asyncio.to_thread(http.get, f"{SESSIONS}/{session['session_id']}")).json()
    assert body["user_id"] == "ada"
    assert body["turn_count"] == 2
    spoken, failed = body["turns"]
    assert spoken["transcription"] == answer.one("transcription")["text"]
    assert spoken["agent_response"] == answer.one("agent_response")["text"]
    assert spoken["entities"] == answer.one("agent_response")["entities"]
    assert spoken["stage_times"]["audio_s"] == pytest.approx(1.0)
    assert (spoken["audio_bytes_in"], spoken["audio_bytes_out"]) == (32_000, len(answer.audio))
    assert (spoken["error"], failed["error"]) == (None, "no_audio")
    for instant in (body["created_at"], body["updated_at"], spoken["created_at"]):
        assert datetime.fromisoformat(instant).utcoffset() == timedelta(0)


def test_a_session_that_is_not_there_is_404_with_a_clear_body(http: httpx.Client) -> None:
    response = http.get(f"{SESSIONS}/nowhere")
    assert response.status_code == 404
    assert response.json() == {"detail": {"code": "unknown_session", "message": "there is no session nowhere"}}


def test_the_routes_are_described(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    assert {"/", "/api/voice/command", SESSIONS, SESSIONS + "/{session_id}", "/ws/status/audio"} <= paths.keys()
    assert http.get("/docs").status_code == 200
