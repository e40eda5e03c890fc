"""The page's cookie: random, expiring, unusable for other pages, and ended by its token or by signing out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_sync

from server.history import History, HistoryUnavailableError
from server.history.sign_ins import SignIns
from server.tokens import Tokens
from tests.support.serving import ORIGIN, Served, serving, spawned, until

ADA, EVE = "adas-token-0123456789", "eves-token-0123456789"
USER, SESSIONS = "/app/api/user", "/api/conversation-sessions/sessions"
TOKENS = json.dumps({ADA: "ada", EVE: "eve"})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("signing"), auth_tokens=TOKENS) as running:
        yield running


@pytest.fixture
def page(served: Served) -> Iterator[httpx.Client]:
    """A browser that has signed in as Ada."""
    with httpx.Client(base_url=served.http) as client:
        assert client.post(USER, headers={"Authorization": f"Bearer {ADA}"}).json() == {"user": "ada"}
        yield client


@contextmanager
def opened(served: Served, **headers: str) -> Iterator[ClientConnection]:
    """A WebSocket of the page with a started session."""
    with connect_sync(served.socket, origin=served.http, additional_headers=headers, proxy=None) as socket:
        socket.send(json.dumps({"event": "init", "data": {}}))
        assert json.loads(socket.recv(30))["event"] == "session_start"
        yield socket


def ending(socket: ClientConnection) -> tuple[str, int]:
    """The code of the error that ends a connection, and the code that it is closed with."""
    error = json.loads(socket.recv(30))
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(30)
    assert closed.value.rcvd is not None
    return error["data"]["code"], closed.value.rcvd.code


def test_signing_out_ends_the_page_s_open_sockets_and_no_others(served: Served, page: httpx.Client) -> None:
    cookies = [f"{name}={value}" for name, value in page.cookies.items()]
    with opened(served, Cookie=cookies[0]) as socket, opened(served, Authorization=f"Bearer {ADA}") as other:
        assert page.delete(USER).status_code == 204
        assert ending(socket) == ("unauthorized", 1008)
        other.send(json.dumps({"event": "heartbeat", "data": {}}))
        assert json.loads(other.recv(30))["event"] == "heartbeat"


def test_withdrawing_a_token_ends_its_open_sockets_and_no_others(tmp_path: Path) -> None:
    with (
        serving(tmp_path, auth_tokens=TOKENS) as served,
        opened(served, Authorization=f"Bearer {EVE}") as eves,
        opened(served, Authorization=f"Bearer {ADA}") as adas,
    ):
        assert served.services is not None
        served.services.tokens.replace(Tokens({ADA: "ada"}))
        assert ending(eves) == ("unauthorized", 1008)
        adas.send(json.dumps({"event": "heartbeat", "data": {}}))
        assert json.loads(adas.recv(30))["event"] == "heartbeat"


def test_the_cookie_is_random_and_has_an_end(served: Served) -> None:
    answers = [httpx.post(served.http + USER, headers={"Authorization": f"Bearer {ADA}"}) for _ in range(2)]
    first, second = (answer.headers["set-cookie"] for answer in answers)
    assert first != second
    for cookie in (first, second):
        assert ADA not in cookie
        assert {"HttpOnly", "Max-Age=43200", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    kept = served.rows("SELECT * FROM sign_ins")
    value = first.partition("=")[2].partition(";")[0]
    assert not any(secret in str(kept) for secret in (value, ADA)), "the database holds nothing that could be used"


def test_behind_https_it_is_bound_to_the_host(served: Served) -> None:
    headers = {"Authorization": f"Bearer {ADA}", "X-Forwarded-Proto": "https"}
    cookie = httpx.post(served.http + USER, headers=headers).headers["set-cookie"]
    assert cookie.startswith("__Host-voicelab=")
    assert {"Secure", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    pair = cookie.partition(";")[0]
    for scheme, status in (("https", 200), ("http", 401)):
        sent = {"Cookie": pair, "X-Forwarded-Proto": scheme}
        assert httpx.get(served.http + SESSIONS, headers=sent).status_code == status


def test_only_the_server_s_own_page_can_use_it(served: Served, page: httpx.Client) -> None:
    """Browsers send it to every port of the host, and from pages of every port."""
    assert page.get(SESSIONS).status_code == 200
    own = {"Origin": served.http}
    assert page.get(SESSIONS, headers=own).status_code == 200
    for headers in (
        {"Origin": ORIGIN},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{served.port + 1}"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = page.get(SESSIONS, headers=headers)
        assert answer.status_code == 401, headers
        assert "access-control-allow-credentials" not in answer.headers
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert page.get(SESSIONS, headers=headers).status_code == 200


async def test_a_socket_of_another_page_cannot_use_it_either(served: Served, page: httpx.Client) -> None:
    (cookie,) = (f"{name}={value}" for name, value in page.cookies.items())
    for origin, lets_in in ((served.http, True), (ORIGIN, False)):
        opening = connect(served.socket, origin=origin, additional_headers={"Cookie": cookie}, proxy=None)  # type: ignore[arg-type]
        if lets_in:
            async with opening:
                continue
        with pytest.raises(InvalidStatus) as caught:
            await opening
        assert caught.value.response.status_code == 401


def test_it_is_not_the_token(served: Served, page: httpx.Client) -> None:
    (value,) = page.cookies.values()
    for headers in ({"Cookie": f"voicelab_sign_in={ADA}"}, {"Authorization": f"Bearer {value}"}):
        assert httpx.get(served.http + SESSIONS, headers=headers).status_code == 401


def test_signing_out_ends_every_copy(served: Served, page: httpx.Client) -> None:
    copy = dict(page.cookies)
    answer = page.delete(USER)
    assert answer.status_code == 204
    assert all("Max-Age=0" in one for one in answer.headers.get_list("set-cookie"))
    assert not page.cookies
    assert httpx.get(served.http + SESSIONS, cookies=copy).status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Cookie": "voicelab_sign_in=gone"}, {"Authorization": "Bearer gone"}])
def test_whoever_is_not_signed_in_can_sign_out(served: Served, headers: dict[str, str]) -> None:
    assert httpx.delete(served.http + USER, headers=headers).status_code == 204


def test_a_foreign_page_cannot_sign_anyone_out(page: httpx.Client) -> None:
    assert page.delete(USER, headers={"Origin": "http://evil.example"}).status_code == 403
    assert page.delete(USER, headers={"Origin": ORIGIN}).status_code == 204
    page.cookies.clear()


def test_a_history_that_is_down_is_said_to_the_page_and_stops_no_token(
    page: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise HistoryUnavailableError("the database is locked")

    monkeypatch.setattr(SignIns, "user_of", fail)
    answer = page.get("/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "history_unavailable")
    assert page.get("/v1/models", headers={"Authorization": f"Bearer {ADA}"}).status_code == 200


async def test_a_sign_in_ends_with_its_time_its_token_and_too_many_later_ones(tmp_path: Path) -> None:
    tokens = Tokens({ADA: "ada", EVE: "eve"})
    history = await History.open(f"sqlite:///{tmp_path / 'history.sqlite3'}")
    try:
        signing = history.sign_ins
        short = await signing.begin(ADA, tokens, 0.05)
        kept, eves = await signing.begin(ADA, tokens, 60), await signing.begin(EVE, tokens, 60)
        await asyncio.sleep(0.1)
        assert await signing.user_of(short, tokens) is None
        assert await signing.user_of(kept, tokens) == "ada"
        assert await signing.user_of("x", tokens) is None
        tokens.replace(Tokens({"another-token-of-ada-1": "ada", EVE: "eve"}))
        assert await signing.user_of(kept, tokens) is None, "that token is no longer accepted"
        many = [await signing.begin("another-token-of-ada-1", tokens, 60) for _ in range(25)]
        known = [await signing.user_of(one, tokens) for one in many]
        assert known == [None] * 5 + ["ada"] * 20
        assert await signing.user_of(eves, tokens) == "eve"
    finally:
        await history.close()


def test_every_worker_knows_a_sign_in_and_its_end(tmp_path: Path) -> None:
    fakes = ("--asr", "fake", "--agent", "fake", "--tts", "fake", "--workers", "2")
    with spawned(tmp_path, *fakes, AUTH_TOKENS=TOKENS, VAD="none") as served:
        until(lambda: (tmp_path / "server.log").read_text().count("Serving on http") == 2)
        answer = httpx.post(served.http + USER, headers={"Authorization": f"Bearer {ADA}"})
        cookies = dict(answer.cookies)
        assert {httpx.get(served.http + SESSIONS, cookies=cookies).status_code for _ in range(10)} == {200}
        httpx.delete(served.http + USER, cookies=cookies)
        assert {httpx.get(served.http + SESSIONS, cookies=cookies).status_code for _ in range(10)} == {401}
