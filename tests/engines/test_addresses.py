"""A user name and a password in an address are used for the connection only, and never recorded."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from tests.support.serving import run_server, serving, spawned
from voicelab import RunSpec
from voicelab.cli.main import app
from voicelab.engines import addresses
from voicelab.engines.spec import EngineInfo, EngineSpec
from voicelab.errors import EngineError, InputError, without_user
from voicelab.runs.records import RunFolder

SECRET = "correct-horse-battery-1"
TOKEN = "a-long-token-of-ada-0001"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://svc:pw@host/v1", "http://host/v1"),
        ("see ws://svc@host:80, then http://a:b@[::1]:80/x.", "see ws://host:80, then http://[::1]:80/x."),
        ("http://svc:p@ss@host", "http://host"),
        ("http://svc:p/ss?w#rd@host/v1", "http://host/v1"),
        ("'http://svc:a,b@host'", "'http://host'"),
        ("http://host:80/path@version", "http://host:80/path@version"),
        ("http://[::1]:80/path@version", "http://[::1]:80/path@version"),
        ("https://host/@scope/name", "https://host/@scope/name"),
        ("write to ada@host.example", "write to ada@host.example"),
        ("postgresql://USER:PASSWORD@HOST/DATABASE", "postgresql://USER:PASSWORD@HOST/DATABASE"),
        ("postgresql://ada@host/x", "postgresql://ada@host/x"),
        ("http://ada@host/x", "http://host/x"),
    ],
)
def test_a_text_loses_the_user_part_of_its_addresses(text: str, shown: str) -> None:
    assert without_user(text) == shown


@given(st.text(st.characters(exclude_characters="@:", codec="ascii", categories=["L", "N", "P"]), min_size=6))
def test_no_password_is_left(password: str) -> None:
    """Includes one that should have been percent-encoded."""
    secret = f"x{password.replace(chr(39), '').replace(chr(34), '')}x"
    assert secret not in without_user(f"http://svc:{secret}@host:80/v1")
    assert secret not in without_user(f"postgresql://svc:{secret}@host/x")
    assert secret not in str(InputError(f"http://svc:{secret}@host:80/v1"))


def test_what_is_taken_is_known_for_its_host_and_port_alone() -> None:
    assert addresses.take_user("http://ada%40x:p%2Fw@One.test:81/v1") == "http://One.test:81/v1"
    assert addresses.user_of("ws://one.test:81/ws/voice") == ("ada@x", "p/w")
    assert addresses.user_of("http://one.test/v1") is None
    assert addresses.basic_authorization("http://two.test") == {}
    assert addresses.take_user("svc:pw@three.test/v1") == "three.test/v1"
    assert addresses.take_user("small@revision") == "small@revision"


def test_engines_and_specs_are_clean_from_where_they_are_first_read() -> None:
    asked = f"openai:base_url=http://svc:{SECRET}@four.test/v1,model=m@2"
    spec = RunSpec(samples="x", asr=asked, target=f"http://ada:{SECRET}@five.test")
    assert (spec.asr, spec.target) == ("openai:base_url=http://four.test/v1,model=m@2", "http://five.test")
    assert addresses.user_of("http://four.test") == ("svc", SECRET)
    assert EngineSpec.parse(asked).options == {"base_url": "http://four.test/v1", "model": "m@2"}
    info = EngineInfo("asr", "theirs", {"url": f"http://a:{SECRET}@h"}, revision=f"m at http://a:{SECRET}@h")
    assert (info.options, info.revision) == ({"url": "http://h"}, "m at http://h")
    assert EngineInfo(**{**asdict(info), "revision": f"http://a:{SECRET}@h"}).revision == "http://h"
    assert SECRET not in str(EngineError("theirs", f"http://a:{SECRET}@h answered 500"))
    with pytest.raises(InputError) as caught:
        EngineSpec.parse(f"openai:base_url=http://svc:a,{SECRET}@h")
    assert SECRET not in str(caught.value)


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        body = b'{"object": "list", "data": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def other_server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_engine_s_password_reaches_its_server_and_nobody_else(tmp_path: Path, workers: str) -> None:
    pytest.importorskip("openai")
    fakes = {"AGENT": "fake", "TTS": "fake", "VAD": "none", "WORKERS": workers}
    tokens = json.dumps({TOKEN: "ada"})
    with other_server() as other:
        asr = f"openai:base_url=http://svc:{SECRET}@127.0.0.1:{other.server_port}/v1"
        with spawned(tmp_path, "--asr", asr, AUTH_TOKENS=tokens, **fakes) as served:
            stranger = httpx.get(served.http, timeout=60).json()
            known = httpx.get(served.http, headers={"Authorization": f"Bearer {TOKEN}"}).json()
            status = httpx.get(f"{served.http}/ws/status/audio", headers={"Authorization": f"Bearer {TOKEN}"}).text
        basic = "Basic " + base64.b64encode(f"svc:{SECRET}".encode()).decode()
        assert set(other.seen) == {basic}  # type: ignore[attr-defined]
    assert set(stranger) == {"status", "version"}
    (options,) = [engine["options"] for engine in known["engines"] if engine["kind"] == "asr"]
    assert options["base_url"] == f"http://127.0.0.1:{other.server_port}/v1"
    assert SECRET not in status + (tmp_path / "server.log").read_text()


def test_a_wrong_engine_address_is_refused_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("openai")
    database = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    for base_url in (f"http://svc:{SECRET}@127.0.0.1:1/v1", f"svc:{SECRET}@127.0.0.1:1/v1"):
        done = run_server("--port", "0", ASR=f"openai:base_url={base_url},retries=0", TTS="fake", DATABASE_URL=database)
        assert done.returncode == 2
        assert "127.0.0.1:1" in done.stderr
        assert SECRET not in done.stdout + done.stderr


def evaluate(url: str, out: Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", "--url", url, "--limit", "1", "--run-id", "one", "--out", str(out)])


def on_one_line(result: Result) -> str:
    return " ".join(result.output.split())


def test_a_run_against_a_server_with_tokens_uses_the_address_s_and_keeps_none(tmp_path: Path) -> None:
    with serving(tmp_path, auth_tokens=json.dumps({TOKEN: "cli"})) as served:
        place = served.http.removeprefix("http://")
        refused = evaluate(served.http, tmp_path / "refused")
        assert refused.exit_code == 2
        assert f"http://USER:TOKEN@{place}" in on_one_line(refused)
        wrong = evaluate(f"http://cli:{SECRET}@{place}", tmp_path / "wrong")
        assert (wrong.exit_code, SECRET in wrong.output) == (2, False)
        done = evaluate(f"http://cli:{TOKEN}@{place}", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert TOKEN not in done.output
    folder = tmp_path / "out" / "one"
    assert RunFolder(folder).read().spec.target == served.http
    for file in folder.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file


def test_an_address_without_a_scheme_is_refused_without_its_password(tmp_path: Path) -> None:
    done = evaluate(f"cli:{SECRET}@127.0.0.1:1", tmp_path)
    assert done.exit_code == 2
    assert "--url 127.0.0.1:1" in on_one_line(done)
    assert SECRET not in done.output
