"""Turns with a request and an answer."""

from datetime import UTC, datetime

from voicelab.runs.records import TurnResult

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def turn(key, text, heard, *, scenario=None, number=1, speaker=None):
    return TurnResult(
        key=key, sample_id=key, scenario_id=scenario, turn_number=number, category="c", speaker=speaker, text=text,
        status="answered", heard=heard, started_at=NOW,
    )  # fmt: skip
