"""No client can use all connections: neither a user, nor an address, nor a client behind a proxy."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets import Origin
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from server.clients import OpenCounts, key_of
from server.gate import REQUESTS_BESIDE
from server.settings import Settings
from tests.support.lines import connections, line, open_line, parsed
from tests.support.serving import ORIGIN, Served, serving, until

ADA, EVE = "token-of-ada-0123", "token-of-eve-0123"


def socket(served: Served, **headers: str) -> connect:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return connect(served.socket, origin=Origin(ORIGIN), proxy=None, additional_headers=named)


async def status_of(socket: connect) -> int:
    """Of a handshake that is denied."""
    with pytest.raises(InvalidStatus) as caught:
        await socket
    assert "too_many_connections" in caught.value.response.body.decode()
    assert "Retry-After" in caught.value.response.headers
    return caught.value.response.status_code


async def test_an_address_has_a_share_of_the_websockets_behind_a_proxy_too(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections_per_client=2) as served:
        async with AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(socket(served, X_Forwarded_For="192.0.2.1"))
            assert await status_of(socket(served, X_Forwarded_For="192.0.2.1")) == 429
            await stack.enter_async_context(socket(served, X_Forwarded_For="192.0.2.2"))
        assert served.services is not None
        shared = served.services
        await asyncio.to_thread(until, lambda: shared.active_connections == 0)
        async with socket(served, X_Forwarded_For="192.0.2.1") as again:
            assert isinstance(again, ClientConnection)


async def test_with_tokens_a_user_has_a_share_from_all_addresses_together(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections_per_client=2, auth_tokens={ADA: "ada", EVE: "eve"}) as served:
        async with AsyncExitStack() as stack:
            for address in ("192.0.2.1", "192.0.2.2"):
                await stack.enter_async_context(socket(served, Authorization=f"Bearer {ADA}", X_Forwarded_For=address))
            denied = socket(served, Authorization=f"Bearer {ADA}", X_Forwarded_For="192.0.2.3")
            assert await status_of(denied) == 429
            await stack.enter_async_context(socket(served, Authorization=f"Bearer {EVE}", X_Forwarded_For="192.0.2.1"))


async def test_a_client_has_a_share_of_the_requests_and_its_probes_are_answered(tmp_path: Path) -> None:
    most = 1 + REQUESTS_BESIDE
    with serving(tmp_path, max_connections_per_client=1, agent="fake:delay_s=0.1") as served:
        async with httpx.AsyncClient(base_url=served.http, timeout=30) as http:

            async def command(address: str) -> int:
                headers = {"X-Forwarded-For": address}
                response = await http.post("/api/voice/command", json={"command": "hello"}, headers=headers)
                return response.status_code

            asked = [asyncio.create_task(command("192.0.2.1")) for _ in range(most + 3)]
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            other = asyncio.create_task(command("192.0.2.2"))
            probe = await http.get("/health/live", headers={"X-Forwarded-For": "192.0.2.1"})
            assert probe.status_code == 200
            assert sorted(await asyncio.gather(*asked)) == [200] * most + [429] * 3
            assert await other == 200
            assert await command("192.0.2.1") == 200


async def test_an_address_that_is_no_proxy_has_a_share_of_the_connections_that_say_nothing(tmp_path: Path) -> None:
    most = 1 + REQUESTS_BESIDE
    with serving(tmp_path, max_connections_per_client=1, request_timeout_s=30) as served:
        silent = await asyncio.gather(*(open_line(served, source="127.0.0.2") for _ in range(most)))
        await asyncio.to_thread(until, lambda: connections(served) == most)
        async with line(served, source="127.0.0.2") as surplus:
            status, detail = parsed(await surplus.answer())
            assert (status, detail["code"]) == (503, "too_many_connections")
            assert "MAX_CONNECTIONS_PER_CLIENT" in detail["message"]
        async with line(served, source="127.0.0.3") as another:
            await another.send(b"GET /ws/status/audio HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert (await another.answer()).startswith(b"HTTP/1.1 200")
        await asyncio.gather(*(one.close() for one in silent))


@pytest.mark.parametrize("length", [201, 5000])
async def test_the_user_of_the_query_is_limited_as_that_of_init(tmp_path: Path, length: int) -> None:
    with serving(tmp_path) as served:
        url = f"{served.socket}?user_id="
        with pytest.raises(InvalidStatus) as caught:
            await connect(url + "u" * length, origin=Origin(ORIGIN), proxy=None)
        assert caught.value.response.status_code == 400
        assert "200" in caught.value.response.body.decode()
        async with connect(url + "u" * 200, origin=Origin(ORIGIN), proxy=None):
            pass


def test_by_default_one_client_leaves_a_fifth_to_others() -> None:
    assert Settings.read(max_connections=500).most_per_client == 400
    assert Settings.read(max_connections=1).most_per_client == 1


def test_a_network_that_one_machine_may_have_whole_is_one_client() -> None:
    assert key_of("2001:db8::1") == key_of("2001:db8::ffff:1") != key_of("2001:db8:0:1::1")
    assert key_of("192.0.2.1") == key_of("::ffff:192.0.2.1") != key_of("192.0.2.2")
    assert key_of("192.0.2.1", "ada") == key_of(None, "ada") != key_of("192.0.2.1")
    assert key_of(None) is None


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.booleans())))
def test_places_are_counted_for_each_client(steps: list[tuple[str | None, bool]]) -> None:
    places, expected = OpenCounts(), dict.fromkeys(("a", "b"), 0)
    for client, comes in steps:
        if comes:
            places.take(client)
        elif client is None or expected[client]:
            places.give_back(client)
        else:
            continue
        if client is not None:
            expected[client] += 1 if comes else -1
    assert {client: places.taken(client) for client in expected} == expected
    assert places.taken(None) == 0
