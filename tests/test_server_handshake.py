"""Who may open the WebSocket, and what CORS says to pages elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.serving import ORIGIN, Served, serving, talking


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


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
