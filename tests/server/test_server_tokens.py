"""Tokens that are empty, missing, or changed while the server runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from server.__main__ import _is_loopback
from server.settings import Settings
from server.tokens import Tokens
from tests.support.serving import Served, children_of, run_server, spawned, until
from voicelab.errors import InputError
from voicelab.paths import PROJECT

OLD, NEW = "the-old-token-000001", "the-new-token-000001"
FAKES = ("--asr", "fake", "--agent", "fake", "--tts", "fake")
QUICK = {"VAD": "none"}


@pytest.mark.parametrize("name", ["AUTH_TOKENS", "AUTH_TOKENS_FILE", "auth_tokens"])
@pytest.mark.parametrize("value", ["", "  "])
def test_tokens_that_are_set_to_nothing_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty secret must not open the server to everybody."""
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"{name} is set but empty; .*unset it to serve without tokens"):
        Settings.read()


def test_the_server_does_not_start_with_empty_tokens() -> None:
    done = run_server("--port", "0", AUTH_TOKENS="")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("address", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("fe80::1%eth0", False),
    ],
)
def test_which_addresses_only_this_machine_reaches(address: str, is_loopback: bool) -> None:
    assert _is_loopback(address) is is_loopback


@pytest.mark.parametrize(("workers", "tokens"), [("1", ""), ("2", ""), ("1", json.dumps({OLD: "ada"}))])
def test_a_server_that_is_open_to_others_says_so_once(tmp_path: Path, workers: str, tokens: str) -> None:
    """The socket is inherited, so its address counts and not HOST."""
    log = tmp_path / "log"
    database = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    environment = {**os.environ, **QUICK, "DATABASE_URL": database, "WORKERS": workers}
    environment |= {"AUTH_TOKENS": tokens} if tokens else {}
    with socket.create_server(("0.0.0.0", 0)) as listener, log.open("wb") as sink:
        command = [sys.executable, "-m", "server", "--fd", str(listener.fileno()), *FAKES]
        server = subprocess.Popen(
            command, cwd=PROJECT, env=environment, pass_fds=[listener.fileno()], stdout=sink, stderr=sink
        )
    try:
        until(lambda: log.read_text().count("Serving on http") >= int(workers))
    finally:
        server.terminate()
        server.wait(30)
    assert log.read_text().count("without tokens") == (0 if tokens else 1)


def statuses(served: Served, token: str, times: int = 8) -> set[int]:
    """The responses to this token over several connections, which any worker may accept."""
    headers = {"Authorization": f"Bearer {token}"}
    return {httpx.get(f"{served.http}/v1/models", headers=headers).status_code for _ in range(times)}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_hang_up_reads_the_tokens_again_everywhere(tmp_path: Path, workers: str) -> None:
    file, log = tmp_path / "tokens.json", tmp_path / "server.log"
    file.write_text(json.dumps({OLD: "ada"}))
    with spawned(tmp_path, *FAKES, "--workers", workers, AUTH_TOKENS_FILE=str(file), **QUICK) as served:
        assert served.pid is not None
        until(lambda: log.read_text().count("Serving on http") == int(workers))
        file.write_text(json.dumps({NEW: "ada"}))
        assert (statuses(served, OLD), statuses(served, NEW)) == ({200}, {401}), "nothing before it is asked to"
        os.kill(served.pid, signal.SIGHUP)
        until(lambda: "AUTH_TOKENS_FILE reloaded: 1 tokens" in log.read_text())
        time.sleep(0.5)
        assert (statuses(served, OLD), statuses(served, NEW)) == ({401}, {200})
        for number, torn in enumerate(('{"half', "{}", "\udcff"), start=1):
            file.write_bytes(torn.encode("utf-8", "surrogateescape"))
            os.kill(served.pid, signal.SIGHUP)
            until(lambda number=number: log.read_text().count("the previous tokens remain valid") == number)
        file.unlink()
        if workers == "2":
            # A replacement worker gets the current tokens, and reacts to SIGHUP too.
            first = children_of(served.pid)
            os.kill(first[0], signal.SIGKILL)
            until(lambda: log.read_text().count("Serving on http") == 3)
            for worker in children_of(served.pid):
                os.kill(worker, signal.SIGHUP)
            assert first[1] in children_of(served.pid)
        assert (statuses(served, OLD), statuses(served, NEW)) == ({401}, {200})
    assert OLD not in log.read_text()
    assert "Traceback" not in log.read_text()


def test_tokens_are_handed_on_as_digests() -> None:
    tokens = Tokens({OLD: "ada", NEW: "grace"})
    line = tokens.digests()
    assert "\n" not in line
    assert OLD not in line
    assert Tokens.of_digests(line).user_of(NEW) == "grace"
    assert not Tokens.of_digests(Tokens({}).digests())
