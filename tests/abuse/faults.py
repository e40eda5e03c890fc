"""Faults that a server's log reports, and how much its memory may grow."""

from __future__ import annotations

import re
from pathlib import Path

MOST_GROWTH_MIB = 5.0
"""Maximum growth of resident memory after the warm-up. docs/reference/server.md gives the measured values."""
_FAULT = re.compile(r"^(ERROR|CRITICAL)\b|^Traceback|never (awaited|retrieved)", re.MULTILINE)


def faults_in(log: Path) -> int:
    """Count the lines of a server's log that report a fault of the server."""
    return len(_FAULT.findall(log.read_text(encoding="utf-8", errors="replace")))
