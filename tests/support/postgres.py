"""A private PostgreSQL: in a folder of its own, on a Unix socket only, gone with the tests that started it."""

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
    """Where initdb and postgres are: on the PATH, or where Debian keeps them; the newest of several."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return debian[-1].parent if debian else None


@contextmanager
def private_server() -> Iterator[Postgres]:
    """Start one; where PostgreSQL is not installed the test is skipped, or fails where it must be there."""
    binaries = programs()
    if binaries is None:
        reason = "PostgreSQL is not installed (Debian: apt install postgresql)"
        pytest.fail(reason) if is_required("postgresql") else pytest.skip(reason)
    # A Unix socket's path may hold 107 characters, fewer than pytest's folders have.
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
            process.send_signal(signal.SIGQUIT)  # at once, also while clients are connected: nothing need be kept
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
