"""Run the command line in a process and wait for its effects."""

import os
import re
import sys
import time
from pathlib import Path

from voicelab.runs.records import RunFolder


def run_command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", "from voicelab.cli.main import app; app()", "evaluate", *map(str, arguments)]


def started_server(folder: RunFolder) -> int:
    return int(re.search(r"Started server process \[(\d+)\]", (folder.path / "server.log").read_text())[1])


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition, limit_s: float = 120.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "timed out waiting for the condition"
        time.sleep(0.02)
