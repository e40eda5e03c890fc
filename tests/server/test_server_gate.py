"""Access control by host, origin and token. A refused request gets the reason and has no effect."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server import hosts, origins
from server.settings import Settings
from server.tokens import Tokens
from tests.support.serving import ORIGIN, PATIENCE_S, Served, Talker, run_server, serving, spawned
from voicelab.errors import InputError

SESSIONS = "/api/conversation-sessions/sessions"
ADA, EVE = "adas-token-0123456789", "eves-token-0123456789"
TOKENS = json.dumps({ADA: "ada", EVE: "eve"})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("open"), allowed_hosts="voice.example, *.lab.example") as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("guarded"), auth_tokens=TOKENS) as running:
        yield running


async def handshake(served: Served, *, query: str = "", protocols: list[str] | None = None, **headers: str) -> object:
    """Open a WebSocket and start a session. Returns the session, or the HTTP response."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        async with connect(
            served.socket + query,
            additional_headers={"Origin": ORIGIN, **sent},
            subprotocols=protocols,  # type: ignore[arg-type]
            proxy=None,
        ) as socket:
            return await Talker(socket).init()
    except InvalidStatus as refused:
        return refused.response


# The host.


@pytest.mark.parametrize(
    ("host", "lets_in"),
    [
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("192.168.1.20", True),
        ("localhost", True),
        ("LOCALHOST:3000", True),
        ("localhost.", True),
        ("app.localhost", True),
        ("voice.example", True),
        ("voice.example:443", True),
        ("a.b.lab.example", True),
        ("lab.example", False),
        ("evil.example:8000", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil-voice.example", False),
        ("voice.example@evil.example", False),
        ("evil.example/voice.example", False),
        ("localhost:port", False),
        ("127.1", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_a_host_that_a_page_could_have_made_its_own_is_not_ours(served: Served, host: str, lets_in: bool) -> None:
    """Regression: a page at evil.example whose name resolves to 127.0.0.1 counted as the server's own page."""
    response = httpx.get(served.http, headers={"Host": host})
    assert response.status_code == (200 if lets_in else 400)
    if not lets_in:
        assert response.json()["detail"]["code"] == "bad_host"


async def test_the_handshake_checks_the_host_too(served: Served) -> None:
    page = f"evil.example:{served.port}"
    address = served.socket.replace(f"127.0.0.1:{served.port}", page)
    with pytest.raises(InvalidStatus) as caught:
        await connect(address, host="127.0.0.1", port=served.port, origin=f"http://{page}", proxy=None)  # type: ignore[arg-type]
    assert caught.value.response.status_code == 400
    assert b"ALLOWED_HOSTS" in (caught.value.response.body or b"")


def test_two_hosts_are_none() -> None:
    assert not hosts.is_allowed(["localhost", "evil.example"], (), "127.0.0.1")
    assert not hosts.is_allowed([], (), "127.0.0.1")


def test_a_star_takes_every_name() -> None:
    assert hosts.is_allowed(["evil.example"], ("*",), "127.0.0.1")
    assert not hosts.is_allowed(["evil.example/x"], ("*",), "127.0.0.1")


def test_the_host_that_was_given_is_ours() -> None:
    assert hosts.is_allowed(["Voicebox:8000"], (), "voicebox")


@given(st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True))
def test_no_name_below_a_foreign_domain_is_ours(name: str) -> None:
    assert not hosts.is_allowed([f"{name}.evil.example"], ("voice.example", "*.lab.example"), "127.0.0.1")


# The origin.


@pytest.mark.parametrize(
    ("origin", "lets_in"),
    [
        ("http://localhost:3000", True),
        ("HTTP://LOCALHOST:3000", True),
        ("https://app.example", True),
        ("https://app.example:443", True),
        ("http://plain.example", True),
        ("https://app.example:80", False),
        ("http://app.example", False),
        ("http://localhost", False),
        ("http://localhost:3000.evil.example", False),
        ("http://localhost:3000@evil.example", False),
        ("http://localhost:3000:80", False),
        ("http://localhost:3000/", False),
        ("http://localhost:3000 http://evil.example", False),
        ("http://evil.example#http://localhost:3000", False),
        ("http://localhost.:3000", False),
        ("http://localhost:03000", False),
        ("null", False),
        ("", False),
        ("*", False),
    ],
)
def test_an_origin_is_one_of_the_list_or_not(origin: str, lets_in: bool) -> None:
    listed = ["http://localhost:3000", "https://app.example", "http://plain.example:80"]
    settings = Settings.read(cors_origins=json.dumps(listed))
    assert origins.is_allowed(asking("evil.example", origin), settings.cors_origins) is lets_in


@pytest.mark.parametrize(
    ("scheme", "host", "origin", "is_own"),
    [
        ("ws", "voice.example", "http://voice.example", True),
        ("ws", "voice.example:80", "http://voice.example", True),
        ("wss", "voice.example", "https://voice.example:443", True),
        ("ws", "[::1]:8000", "http://[::1]:8000", True),
        ("ws", "voice.example", "https://voice.example", False),
        ("ws", "voice.example:8000", "http://voice.example", False),
        ("ws", "", "http://", False),
    ],
)
def test_a_page_of_the_server_itself_is_let_in(scheme: str, host: str, origin: str, is_own: bool) -> None:
    assert origins.is_allowed(asking(host, origin, scheme), Settings.read().cors_origins) is is_own


def test_two_origins_are_none() -> None:
    from starlette.requests import HTTPConnection

    headers = [(b"origin", b"http://localhost:3000"), (b"origin", b"http://evil.example")]
    assert not origins.is_allowed(HTTPConnection({"type": "http", "headers": headers}), Settings.read().cors_origins)


def asking(host: str, origin: str, scheme: str = "ws") -> object:
    from starlette.requests import HTTPConnection

    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    return HTTPConnection({"type": "websocket", "scheme": scheme, "headers": headers})


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_page_cannot_make_the_server_work(served: Served, origin: str) -> None:
    """Browsers allow foreign pages to post forms without asking the server."""
    body = {"data": {"model": "fake"}, "files": {"file": b"RIFF"}}
    denied = httpx.post(f"{served.http}/v1/audio/transcriptions", headers={"Origin": origin}, **body)
    assert (denied.status_code, denied.json()["error"]["code"]) == (403, "bad_origin")
    assert httpx.post(f"{served.http}/v1/audio/transcriptions", **body).json()["error"]["code"] == "bad_audio"


# The token.


@pytest.mark.parametrize("path", [SESSIONS, "/v1/models", "/metrics", "/ws/status/audio"])
@pytest.mark.parametrize("headers", [{}, bearer("wrong"), bearer(ADA + "x"), {"Authorization": ADA}])
def test_without_a_token_nothing_is_told(guarded: Served, path: str, headers: dict[str, str]) -> None:
    response = httpx.get(guarded.http + path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    body = response.json()
    assert (body["error"] if path.startswith("/v1/") else body["detail"])["code"] == "unauthorized"
    assert httpx.get(guarded.http + path, headers=bearer(ADA)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready"])
def test_probes_need_none(guarded: Served, path: str) -> None:
    assert httpx.get(guarded.http + path).status_code == 200


def test_a_page_may_read_why_it_was_not_let_in(guarded: Served) -> None:
    response = httpx.get(guarded.http + SESSIONS, headers={"Origin": ORIGIN})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, ORIGIN)


async def test_a_socket_shows_its_token_in_a_header_or_as_a_subprotocol(guarded: Served) -> None:
    for shown in ({"Authorization": f"Bearer {ADA}"}, {"protocols": ["voicelab", f"bearer.{ADA}"]}):
        session = await handshake(guarded, **shown)  # type: ignore[arg-type]
        assert session["user_id"] == "ada"  # type: ignore[index]
    for wrong in (
        {},
        {"Authorization": "Bearer x"},
        {"protocols": ["voicelab", "bearer.x"]},
        {"query": f"?token={ADA}"},
    ):
        outcome = await handshake(guarded, **wrong)  # type: ignore[arg-type]
        assert outcome.status_code == 401  # type: ignore[attr-defined]


async def test_the_token_is_not_sent_back(guarded: Served) -> None:
    offered = ["voicelab", f"bearer.{ADA}"]
    async with connect(guarded.socket, origin=ORIGIN, subprotocols=offered, proxy=None) as socket:  # type: ignore[arg-type]
        assert socket.subprotocol == "voicelab"
        assert socket.response is not None
        assert ADA not in str(socket.response.headers)


async def test_a_token_speaks_for_its_user_alone(guarded: Served) -> None:
    own = bearer(ADA)
    outcome = await handshake(guarded, query="?user_id=eve", **own)
    assert outcome.status_code == 403  # type: ignore[attr-defined]
    async with connect(guarded.socket, origin=ORIGIN, additional_headers=own, proxy=None) as socket:
        talker = Talker(socket)
        await talker.send("init", user_id="eve")
        assert "belongs to ada" in await talker.refusal("forbidden")
        assert (await talker.init(user_id="ada"))["user_id"] == "ada"
    async with httpx.AsyncClient(base_url=guarded.http, headers=own) as http:
        posted = await http.post("/api/voice/command", json={"command": "hello", "user_id": "eve"})
        assert (posted.status_code, posted.json()["detail"]["code"]) == (403, "forbidden")
        assert (await http.get(SESSIONS, params={"user_id": "eve"})).status_code == 403


async def test_sessions_are_listed_read_and_resumed_only_by_their_user(guarded: Served) -> None:
    async with (
        httpx.AsyncClient(base_url=guarded.http, headers=bearer(ADA)) as ada,
        httpx.AsyncClient(base_url=guarded.http, headers=bearer(EVE)) as eve,
    ):
        mine = (await ada.post("/api/voice/command", json={"command": "a secret"})).json()["session_id"]
        assert mine in [row["session_id"] for row in (await ada.get(SESSIONS)).json()["sessions"]]
        assert mine not in (await eve.get(SESSIONS)).text
        assert (await ada.get(f"{SESSIONS}/{mine}")).json()["user_id"] == "ada"
        foreign, nowhere = await eve.get(f"{SESSIONS}/{mine}"), await eve.get(f"{SESSIONS}/nowhere")
        assert foreign.status_code == nowhere.status_code == 404
        assert foreign.json()["detail"]["code"] == nowhere.json()["detail"]["code"]
        body = {"command": "more", "session_id": mine}
        assert (await eve.post("/api/voice/command", json=body)).status_code == 404
        assert (await ada.post("/api/voice/command", json=body)).status_code == 200
    async with connect(guarded.socket, origin=ORIGIN, additional_headers=bearer(EVE), proxy=None) as socket:
        talker = Talker(socket)
        await talker.send("init", session_id=mine)
        await talker.refusal("unknown_session")


def test_every_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    spy = SimpleNamespace(compare_digest=lambda a, b: compared.append((a, b)) or a == b)
    monkeypatch.setattr("server.tokens.hmac", spy)
    tokens = Tokens({ADA: "ada", EVE: "eve"})
    assert [tokens.user_of(token) for token in (ADA, EVE, "x", "\ud800")] == ["ada", "eve", None, None]
    assert len(compared) == 8
    assert {len(part) for pair in compared for part in pair} == {32}


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("secret", "JSON object"),
        ("{}", "JSON object"),
        ('{"short": "ada"}', "token 1 is not 16 or more"),
        ('{"has/a/slash/in/it/x": "ada"}', "token 1 is not 16 or more"),
        (f'{{"{ADA}": ""}}', "the user of token 1"),
    ],
)
def test_a_bad_list_of_tokens_is_told_without_a_token(value: str, hint: str, tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(value)
    for setting in ({"auth_tokens": value}, {"auth_tokens_file": str(file)}):
        with pytest.raises(InputError, match=hint) as caught:
            Settings.read(**setting)
        assert not any(secret in str(caught.value) for secret in ("short", "slash", ADA, "=secret"))


def test_tokens_come_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(TOKENS)
    assert Settings.read(auth_tokens_file=str(file)).tokens.user_of(EVE) == "eve"
    with pytest.raises(InputError, match=r"AUTH_TOKENS_FILE=.*set one of them"):
        Settings.read(auth_tokens_file=str(file), auth_tokens=TOKENS)
    with pytest.raises(InputError, match=r"AUTH_TOKENS_FILE=.*cannot be read"):
        Settings.read(auth_tokens_file=str(tmp_path / "nowhere.json"))
    assert not Settings.read().tokens


def test_the_settings_do_not_show_their_tokens() -> None:
    assert ADA not in repr(Settings.read(auth_tokens=TOKENS))


@pytest.mark.parametrize("hosts_given", ["http://voice.example", "voice.example:80", "a b", "*example", "[1"])
def test_a_bad_host_is_told(hosts_given: str) -> None:
    with pytest.raises(InputError, match="ALLOWED_HOSTS="):
        Settings.read(allowed_hosts=hosts_given)


async def test_no_token_gets_into_the_log(tmp_path: Path) -> None:
    with spawned(
        tmp_path, "--asr", "fake", "--tts", "fake", "--agent", "fake", AUTH_TOKENS=TOKENS, LOG_LEVEL="trace"
    ) as served:
        await handshake(served, protocols=["voicelab", f"bearer.{ADA}"])
        await handshake(served, Authorization=f"Bearer {ADA}")
        await asyncio.to_thread(httpx.get, served.http + SESSIONS, headers=bearer(ADA))
    log = (tmp_path / "server.log").read_text()
    assert "GET /api/conversation-sessions/sessions" in log
    assert ADA not in log


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_token_that_a_client_puts_into_an_address_is_not_logged(tmp_path: Path, form: str) -> None:
    """Tokens in the query are not accepted, but must not be logged either."""
    fakes = ("--asr", "fake", "--agent", "fake", "--tts", "fake")
    with spawned(tmp_path, *fakes, LOG_FORMAT=form, AUTH_TOKENS=TOKENS) as served:
        refused = await asyncio.to_thread(httpx.get, f"{served.http}/ws/status/audio?token={ADA}", timeout=PATIENCE_S)
        assert refused.status_code == 401
        assert isinstance(await handshake(served, query=f"?token={ADA}", **bearer(ADA)), dict)
    log = (tmp_path / "server.log").read_text()
    assert "/ws/status/audio" in log
    assert "/ws/voice/simple" in log
    assert ADA not in log


def test_a_token_on_the_command_line_is_no_option() -> None:
    """Other users of a machine see a program's options."""
    assert run_server("--auth-tokens", TOKENS).returncode == 2


async def test_ids_and_symbols_are_never_paths(served: Served) -> None:
    """No file name contains text from a client."""
    mark = "pathmark"
    touched: list[str] = []
    listening = True

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event.startswith(("open", "os.", "shutil.")) and mark in str(arguments):
            touched.append(f"{event}{arguments}")

    sys.addaudithook(listen)
    try:
        name = f"../../tmp/{mark}"
        async with httpx.AsyncClient(base_url=served.http) as http:
            for path in (f"{SESSIONS}/{name}", f"{SESSIONS}/..%2f..%2f{mark}", f"{SESSIONS}/%00{mark}"):
                assert (await http.get(path)).status_code == 404
            posted = await http.post("/api/voice/command", json={"command": f"price of {name}", "user_id": name})
            assert posted.status_code == 200
            body = {"command": "x", "user_id": name, "session_id": name}
            assert (await http.post("/api/voice/command", json=body)).status_code == 404
            upload = {"file": (name, b"RIFFxxxx")}
            await http.post("/v1/audio/transcriptions", data={"model": "fake"}, files=upload)
        async with connect(f"{served.socket}?user_id={name}", origin=ORIGIN, proxy=None) as socket:
            talker = Talker(socket)
            await talker.send("init", session_id=name)
            await talker.refusal("unknown_session")
    finally:
        listening = False
    assert touched == []
