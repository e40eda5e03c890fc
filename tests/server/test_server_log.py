"""The log never contains secrets, transcripts, or lines and colours from clients."""

from __future__ import annotations

import json
import logging
import logging.config
import socket
from pathlib import Path

import httpx
import pytest

from server.logs import log_config, printable
from tests.support.serving import run_server, spawned

FAKES = ("--asr", "fake", "--agent", "fake", "--tts", "fake")
SECRET = "xylophone-4711"


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """Log with the server's configuration, and return the output."""
    before = {name: list(logging.getLogger(name).handlers) for name in ("", "server", "uvicorn", "voicelab")}

    def log(form: str, *, transcripts: bool, call) -> str:  # type: ignore[no-untyped-def]
        logging.config.dictConfig(log_config("info", form, transcripts=transcripts))  # type: ignore[arg-type]
        call()
        return capsys.readouterr().err

    yield log
    for name, handlers in before.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).propagate = True


def fail() -> None:
    try:
        try:
            raise KeyError(f"{SECRET} said first")
        except KeyError as error:
            raise ValueError(f"{SECRET}\x1b[31m\nforged") from error
    except ValueError:
        logging.getLogger("server").exception("it failed")


def fail_in_a_group() -> None:
    try:
        raise ExceptionGroup("two", [ValueError(SECRET), KeyError(SECRET)])
    except ExceptionGroup:
        logging.getLogger("other.library").exception("they failed")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("call", [fail, fail_in_a_group])
def test_an_exception_s_message_is_logged_only_with_transcripts(written, form: str, call) -> None:  # type: ignore[no-untyped-def]
    """The message may quote a transcript and is dropped; the location is logged in any case."""
    silent = written(form, transcripts=False, call=call)
    assert SECRET not in silent
    assert all(part in silent for part in ("Traceback", "ValueError", "KeyError", "test_server_log.py", call.__name__))
    told = written(form, transcripts=True, call=call)
    assert SECRET in told
    assert "\x1b" not in told


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_message_is_one_printable_line_without_secrets(written, form: str) -> None:  # type: ignore[no-untyped-def]
    wild = "a\x1b[2J\r\nINFO: forged\x9b31m\u202e\u2028\ud800 http://svc:pw@host/x"
    line = written(form, transcripts=True, call=lambda: logging.getLogger("server").warning("got %s", wild))
    assert line.count("\n") == 1
    assert not any(character in line for character in "\x1b\r\x9b\u202e\u2028\ud800")
    assert "pw@" not in line
    assert "http://host/x" in line
    if form == "json":
        assert json.loads(line)["message"].startswith("got a\\x1b[2J")


def test_what_can_be_printed_stays_as_it_is() -> None:
    assert printable("Größe 20 € → 語 👍 \\n") == "Größe 20 € → 語 👍 \\n"
    assert printable("a\tb\x00\x7f") == "a\\tb\\x00\\x7f"


def ask(port: int, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(head + b"\r\nConnection: close\r\n\r\n")
        return peer.makefile("rb").read()


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_client_writes_into_the_log(tmp_path: Path, form: str) -> None:
    with spawned(tmp_path, *FAKES, LOG_FORMAT=form, VAD="none") as served:
        assert httpx.get(served.http, timeout=60).status_code == 200
        for target in (b"/a?token=S1", b"http://localhost/b?token=S1", b"http://u:S1@localhost/c", b"/d%0aINFO:%20S2"):
            assert ask(served.port, b"GET " + target + b" HTTP/1.1\r\nHost: localhost").startswith(b"HTTP/1.1 404")
        forwarded = b"GET /e HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: \x1b[31mS3\xc2\x9b"
        assert b" 404 " in ask(served.port, forwarded)
        handshake = b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        own = f"Host: 127.0.0.1:{served.port}\r\nOrigin: {served.http}\r\n".encode()
        for path in (b"/app/assets/style.css", b"/nowhere", b"/app/assets/swagger/x"):
            head = b"GET " + path + b"?token=S1 HTTP/1.1\r\n" + own + handshake
            with socket.create_connection(("127.0.0.1", served.port)) as peer:
                peer.sendall(head + b"\r\nConnection: Upgrade\r\n\r\n")
                assert peer.recv(100).startswith(b"HTTP/1.1 4")
    log = (tmp_path / "server.log").read_text(errors="strict")
    assert "S1" not in log
    assert "\x1b" not in log
    assert "\nINFO: S2" not in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://127.0.0.1:1/x?user=ada&password={SECRET}",
        f"ada:{SECRET}@host/x",
    ],
    ids=["unreachable", "refused"],
)
def test_the_database_s_password_is_in_no_message_of_the_program(url: str) -> None:
    """test_server_settings.py has more addresses."""
    done = run_server("--port", "0", DATABASE_URL=url, ASR="fake", TTS="fake", VAD="none")
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
