"""Child processes run voicelab and the standard library, but no modules of the working directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.serving import PATIENCE_S, children_of, free_socket, until
from voicelab.engines.pool import children

NAMES = ("types", "json", "pickle", "voicelab", "server", "numpy")
FAKES = {"ASR": "fake", "AGENT": "fake", "TTS": "fake", "VAD": "none"}
TOKEN = "a-token-of-nobody-0001"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder of modules that leave a mark when they are run."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(
            f"open({str(folder / name) + '.was_run'!r}, 'w').close()\nraise SystemExit(9)\n"
        )
    return folder


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.was_run"))


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_marks_are_left_where_the_working_directory_comes_first(hostile: Path) -> None:
    subprocess.run([sys.executable, "-m", "server", "--help"], cwd=hostile, capture_output=True, check=False)
    assert marks(hostile)


def test_server_workers_and_engine_processes(hostile: Path, tmp_path: Path) -> None:
    """They start, run no modules of the working directory, and engines get neither tokens nor the database URL."""
    database = f"sqlite:///{tmp_path / 'history.sqlite3'}"
    secret = {"auth_tokens": json.dumps({TOKEN: "ada"}), "DATABASE_URL": database}
    environment = {**os.environ, **FAKES, **secret, "WORKERS": "2"}
    with free_socket() as listener:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "server", "--fd", str(listener.fileno())],
            cwd=hostile,
            env=environment,
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        assert httpx.get(f"{address}/health/ready", timeout=PATIENCE_S).status_code == 200
        until(lambda: sum(len(children_of(pid)) for pid in children_of(server.pid)) >= 2)
        assert httpx.get(f"{address}/v1/models", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        engines = [engine for worker in children_of(server.pid) for engine in children_of(worker)]
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in engines]
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
    assert len(environments) >= 2
    for found in environments:
        assert b"PYTHONSAFEPATH=1" in found
        assert TOKEN.encode() not in found
        assert database.encode() not in found
    assert marks(hostile) == []


def test_a_server_of_a_run(hostile: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports"
    engines = ("--asr", "fake", "--agent", "fake", "--tts", "fake")
    done = run(hostile, "-m", "voicelab", "evaluate", *engines, "--limit", "1", "--run-id", "one", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert marks(hostile) == []
    for name in ("server.log", "history.sqlite3"):
        assert (out / "one" / name).stat().st_mode & 0o777 == 0o600


def test_a_notebook_s_kernel(hostile: Path, tmp_path: Path) -> None:
    source = "import json, pickle, sys, types\nimport voicelab\nassert '' not in sys.path, sys.path\nassert json.dumps"
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source, "id": "one"}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "data" / "notebooks").mkdir(parents=True)
    (tmp_path / "data" / "notebooks" / "tiny.ipynb").write_text(json.dumps(notebook))
    call = f"notebook.execute('tiny', Path({str(tmp_path)!r}), {{}})"
    program = f"from pathlib import Path; from voicelab.runs import notebook; {call}"
    done = run(hostile, "-c", program, VOICELAB_DATA=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tiny.ipynb").exists()
    assert marks(hostile) == []


def test_what_reads_texts_aloud(hostile: Path) -> None:
    done = run(hostile, "-c", "from voicelab.analysis.audit.pronounce import _espeak; print(_espeak(['word']))")
    assert done.returncode == 0, done.stderr
    assert marks(hostile) == []


def test_an_empty_entry_of_pythonpath_is_the_working_directory_and_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ":/one::/two:")
    assert children.safe_environment()["PYTHONPATH"] == "/one:/two"
    monkeypatch.setenv("PYTHONPATH", ":")
    assert "PYTHONPATH" not in children.safe_environment()


def test_secrets_are_left_out_whatever_their_case_and_the_user_s_variables_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Auth_Tokens", "x")
    monkeypatch.setenv("database_url", "x")
    monkeypatch.setenv("TUNED", "by the user")
    found = children.engine_environment({"TUNED": "by the engine", "ALSO": "by the engine"})
    assert not {"AUTH_TOKENS", "AUTH_TOKENS_FILE", "DATABASE_URL"} & {name.upper() for name in found}
    assert (found["TUNED"], found["ALSO"]) == ("by the user", "by the engine")


def test_engines_get_no_secrets_of_the_server_s_libraries_and_workers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: an engine got the password of PostgreSQL if it was not part of DATABASE_URL."""
    secrets = {"PGPASSWORD", "PGPASSFILE", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"}
    for name in secrets:
        monkeypatch.setenv(name, "x")
    assert not secrets & children.engine_environment({}).keys()
    assert secrets <= children.safe_environment(without=children.SERVER_SECRETS).keys()
