"""`pipecat eval` runs unchanged against the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.serving import PATIENCE_S, spawned

PIPECAT = Path(sys.executable).with_name("pipecat")
SCENARIO = """
name: finance
scenarios:
  - name: price
    turns:
      - user: how much is apple
        expect:
          - event: response
            text_contains: Apple
      - user: add nvidia to my watchlist
        expect:
          - event: response
            text_contains: watchlist
"""


def has_command_line() -> bool:
    """Whether `pipecat` runs. The script is installed without the packages of its extra, too."""
    if not PIPECAT.exists():
        return False
    return subprocess.run([PIPECAT, "eval", "--help"], capture_output=True, timeout=120, check=False).returncode == 0


def test_a_scenario_in_text_passes(tmp_path):
    if not has_command_line():
        pytest.skip("pipecat's command line is not installed: pip install 'pipecat-ai[cli]'")
    scenario = tmp_path / "finance.yaml"
    scenario.write_text(SCENARIO)
    with spawned(tmp_path) as served:
        httpx.get(f"{served.http}/health/ready", timeout=PATIENCE_S).raise_for_status()
        command = [PIPECAT, "eval", "run", scenario, "--bot-url", f"ws://127.0.0.1:{served.port}/ws/rtvi"]
        run = subprocess.run(
            [*map(str, command), "--logs-dir", str(tmp_path)], capture_output=True, text=True, timeout=120
        )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1/1 passed" in run.stdout
