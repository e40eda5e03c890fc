"""A private PostgreSQL server in its own folder, on a Unix socket only, which ends with its tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.support.required import is_required
from voicelab.paths import PROJECT

PATIENCE_S = 60.0


class Postgres:
    """A running server, whose socket is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://voicelab@/{database}?host={self.folder}"

    async def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    async def execute(self, statement: str, url: str | None = None) -> list[Any]:
        connection = await asyncpg.connect(url or self.url())
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()


def programs() -> Path | None:
    """The folder of initdb and postgres: on the PATH or Debian's folder; the newest of several."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return debian[-1].parent if debian else None


@contextmanager
def private_server() -> Iterator[Postgres]:
    """Start a server. Without PostgreSQL the test is skipped, or fails if PostgreSQL is required."""
    binaries = programs()
    if binaries is None:
        reason = "PostgreSQL is not installed (Debian: apt install postgresql)"
        pytest.fail(reason) if is_required("postgresql") else pytest.skip(reason)
    # The path of a Unix socket may have 107 characters, fewer than pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix="voicelab-pg-"))
    # PostgreSQL refuses to run as root.
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    try:
        data = folder / "data"
        with (folder / "initdb.log").open("wb") as log:
            subprocess.run(
                [binaries / "initdb", "-D", data, "-U", "voicelab", "-A", "trust", "-E", "UTF8", "--no-sync"],
                **{"cwd": folder, "stdout": log, "stderr": log, "check": True, **identity},
            )
        options = ("listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", "max_connections=200")
        command = [binaries / "postgres", "-D", data, *(part for option in options for part in ("-c", option))]
        with (folder / "postgres.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **identity)
        try:
            _wait_for(binaries, folder, process)
            yield Postgres(folder)
        finally:
            process.send_signal(signal.SIGQUIT)  # immediate shutdown: no data needs to be kept
            process.wait(PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(binaries: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    asked = [binaries / "pg_isready", "-q", "-h", folder, "-U", "voicelab", "-d", "postgres"]
    while subprocess.run(asked, check=False, cwd=PROJECT).returncode != 0:
        assert process.poll() is None, (folder / "postgres.log").read_text()
        assert time.monotonic() < deadline, "PostgreSQL does not start"
        time.sleep(0.05)
