"""Run folders written directly, without measuring anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.made_runs import keep_run
from voicelab.runs.records import CodeState, RunFolder, RunResult, RunSpec

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write_run(out: Path, name: str, **changes: Any) -> RunFolder:
    """A run without turns or a report, started at BEGUN; changes: other values for fields of run.json."""
    values = {
        "run_id": name, "status": "finished", "spec": RunSpec(samples="nowhere", asr="fake", tts="fake"),
        "samples_sha256": "0" * 64, "planned_turns": 1, "code": CodeState(commit=None, dirty=None), "packages": {},
        "machine": {}, "started_at": BEGUN,
    }  # fmt: skip
    return keep_run(out / name, RunResult(**(values | changes)))
