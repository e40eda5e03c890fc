"""Commands that respect file permissions even if the tests run as root."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def run_protected(
    *arguments: object, folder: Path, program: str = "from voicelab.cli.main import app; app()", **environment: str
) -> subprocess.CompletedProcess[str]:
    """`voicelab ARGUMENTS` in this folder, without root's right to ignore permissions."""
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_drop_override if os.geteuid() == 0 else None,
        timeout=120,
    )


def _drop_override() -> None:
    kernel = ctypes.CDLL(None, use_errno=True)
    for right in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        if kernel.prctl(_PR_CAPBSET_DROP, right, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "cannot drop a capability")
