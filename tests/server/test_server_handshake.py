"""Who may open the WebSocket, and what CORS says to pages elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from server.settings import Settings
from tests.support.serving import ORIGIN, Served, Talker, serving, talking
from voicelab.errors import InputError


async def test_an_origin_of_the_list_is_let_in(served: Served) -> None:
    async with talking(served, origin=ORIGIN) as talker:
        assert await talker.init()


async def test_the_servers_own_origin_is_let_in(served: Served) -> None:
    async with talking(served, origin=served.http) as talker:
        assert await talker.init()


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "http://evil.example",
        "http://localhost:3001",
        "https://localhost:3000",
        "http://localhost:3000.evil.example",
        "null",
    ],
)
async def test_any_other_origin_gets_403_and_no_websocket(served: Served, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with talking(served, origin=origin):
            pass
    assert caught.value.response.status_code == 403
    assert b"CORS_ORIGINS" in caught.value.response.body or b"missing" in caught.value.response.body


async def test_a_star_lets_everyone_in(tmp_path: Path) -> None:
    with serving(tmp_path, cors_origins='["*"]') as served:
        for origin in (None, "http://anywhere.example"):
            async with talking(served, origin=origin) as talker:
                assert await talker.init()
        page = {"Origin": "http://anywhere.example"}
        headers = (await asyncio.to_thread(httpx.get, served.http, headers=page)).headers
        assert headers["access-control-allow-origin"] == "http://anywhere.example"


async def test_several_origins_may_be_listed(tmp_path: Path) -> None:
    with serving(tmp_path, cors_origins="https://a.example,https://b.example") as served:
        for origin in ("https://a.example", "https://b.example"):
            async with talking(served, origin=origin) as talker:
                assert await talker.init()
        with pytest.raises(InvalidStatus):
            await talking(served, origin=ORIGIN).__aenter__()


async def test_a_pattern_stands_for_all_subdomains(tmp_path: Path) -> None:
    with serving(tmp_path, cors_origins="https://*.example.org,http://localhost:5173") as served:
        for origin in ("https://app.example.org", "https://a.b.example.org", "http://localhost:5173"):
            async with talking(served, origin=origin) as talker:
                assert await talker.init()
            headers = (await asyncio.to_thread(httpx.get, served.http, headers={"Origin": origin})).headers
            assert headers["access-control-allow-origin"] == origin
        foreign = ("https://example.org", "http://app.example.org", "https://app.example.org:8443")
        for origin in (*foreign, "https://app.example.org.evil.net", "https://evilexample.org"):
            with pytest.raises(InvalidStatus):
                await talking(served, origin=origin).__aenter__()
            page = await asyncio.to_thread(httpx.get, served.http, headers={"Origin": origin})
            assert "access-control-allow-origin" not in page.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://app-*.example.org",
        "https://a.*.org",
        "https://*",
        "wss://a.example",
        "http://a.example:99999",
        "http://a.example:*",
    ],
)
def test_an_origin_that_could_never_match_is_refused_at_start(origin: str) -> None:
    with pytest.raises(InputError, match="CORS_ORIGINS"):
        Settings.read(cors_origins=origin)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
    ],
)
def test_origins_are_compared_as_browsers_write_them(written: str, sent: str) -> None:
    assert Settings.read(cors_origins=written).cors_origins == (sent,)


async def test_a_client_with_a_token_needs_no_origin(tmp_path: Path) -> None:
    token = "a-token-of-many-letters"
    known, unknown = ({"Authorization": f"Bearer {one}"} for one in (token, "another-token-of-letters"))
    with serving(tmp_path, auth_tokens={token: "ada"}) as served:
        offered = [Subprotocol("voicelab"), Subprotocol(f"bearer.{token}")]
        async with connect(served.socket, subprotocols=offered, proxy=None) as socket:
            assert await Talker(socket).init()
        async with connect(served.socket, additional_headers=known, proxy=None) as socket:
            assert await Talker(socket).init()
        refused = (({}, None, 401), (unknown, None, 401), (known, Origin("http://evil.example"), 403))
        for headers, origin, status in refused:
            with pytest.raises(InvalidStatus) as caught:
                await connect(served.socket, origin=origin, additional_headers=headers, proxy=None)
            assert caught.value.response.status_code == status


@pytest.mark.parametrize("path", ["/", "/ws", "/ws/voice", "/ws/voice/simple/", "/app/assets/style.css"])
async def test_a_wrong_path_of_a_websocket_says_which_is_right(served: Served, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://127.0.0.1:{served.port}{path}", origin=Origin(ORIGIN), proxy=None)
    assert caught.value.response.status_code == 404
    assert b"it is at /ws/voice/simple" in caught.value.response.body


def test_a_plain_request_to_the_websocket_is_told_to_upgrade(served: Served) -> None:
    answer = httpx.get(f"{served.http}/ws/voice/simple")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert "ws://" in answer.json()["detail"]["message"]


@pytest.mark.parametrize("credentials", [True, False])
def test_cors_follows_the_same_list(tmp_path: Path, credentials: bool) -> None:
    with serving(tmp_path, cors_credentials=credentials) as served:
        headers = httpx.get(served.http, headers={"Origin": ORIGIN}).headers
        assert headers["access-control-allow-origin"] == ORIGIN
        assert headers.get("access-control-allow-credentials") == ("true" if credentials else None)
        assert "access-control-allow-origin" not in httpx.get(served.http, headers={"Origin": "http://evil"}).headers
        ask = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        }
        assert httpx.options(f"{served.http}/api/voice/command", headers=ask).status_code == 200
