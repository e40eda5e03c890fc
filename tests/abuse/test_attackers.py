"""Honest clients are served during each kind of attack. The limits are wide; tests/abuse/attackers.py measures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from statistics import median

import pytest

from tests.abuse import attackers
from tests.abuse.attackers import Turns, attacking, well_behaved
from tests.support.serving import Served, spawned

SECONDS = 0.7


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with spawned(folder, ASR="fake", AGENT="fake", TTS="fake", VAD="none", LOG_LEVEL="warning") as running:
        yield running


@pytest.fixture(scope="module")
def alone(served: Served) -> Turns:
    asyncio.run(well_behaved(served.port, SECONDS))
    return asyncio.run(well_behaved(served.port, SECONDS))


@pytest.mark.parametrize("kind", ["lists", "bodies", "interrupts", "abandoned", "pings", "chunks"])
def test_other_clients_are_served_beside(
    served: Served, alone: Turns, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: one message blocked everybody for 28 s, and two dozen abandoned requests caused 36 s of work."""
    monkeypatch.setattr(attackers, "_LEAD_S", 0.3)
    with attacking(kind, served.port):
        beside = asyncio.run(well_behaved(served.port, SECONDS))
    assert (alone.failed, beside.failed) == (0, 0)
    assert median(beside.taken_s) < 20 * median(alone.taken_s) + 0.5
