"""How far a reply is sent ahead of its playback."""

from __future__ import annotations

import asyncio

import pytest

from server.session import sender
from server.session.sender import PlaybackPacer


class Clock:
    """A clock that is set manually."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(sender, "perf_counter", lambda: self.now_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_before_anything_has_left_nothing_is_heard() -> None:
    assert PlaybackPacer(3.0).heard_s(1e9) == 0


def test_the_ear_hears_what_was_sent_as_it_comes_and_no_more(clock: Clock) -> None:
    pace = PlaybackPacer(None)
    pace.left(2.0)
    assert [pace.heard_s(1000.0 + after_s) for after_s in (-1, 0, 0.5, 2, 9)] == [0, 0, 0.5, 2, 2]
    assert pace.until_s == 1002.0


def test_the_ear_waits_where_nothing_has_come(clock: Clock) -> None:
    """Regression: after a voice was slow for three seconds, the next sentence counted as played when it was sent."""
    pace = PlaybackPacer(None)
    pace.left(1.0)
    clock.now_s += 4
    pace.left(3.0)
    assert [pace.heard_s(1004.0 + after_s) for after_s in (0, 1, 2)] == [1, 2, 3]


async def test_a_reply_leaves_when_the_ear_is_near_enough(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.now_s += seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = PlaybackPacer(3.0)
    for second in range(6):
        await pace.wait(second)
        pace.left(second + 1)
    assert waits == pytest.approx([1, 1]), "0 to 3 leave at once; of the rest each waits a second"
    assert pace.sent_s - pace.heard_s(clock.now_s) == pytest.approx(4), "the lead, and the chunk under way"
