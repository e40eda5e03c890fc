"""Messages that cost their sender nothing are read at a limited rate; others are not slowed down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.messages import AudioChunk, ClientEvent, ErrorCode, Heartbeat, Init, Interrupt, Refused, TypedText
from server.session import allowance
from server.session.allowance import BURST, PER_S, Allowance

REFUSED = Refused(ErrorCode.BAD_JSON, "not JSON")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(allowance, "perf_counter", found)
    return found


@pytest.mark.parametrize("event", [Interrupt(), Heartbeat(), REFUSED], ids=["interrupt", "heartbeat", "refused"])
def test_a_flood_is_read_at_its_pace(clock: Clock, event: ClientEvent | Refused) -> None:
    limited, count = Allowance(), 1000
    for _ in range(count):
        clock.now_s += limited.pause_s(event, 10)
    assert clock.now_s == pytest.approx((count - BURST) / PER_S)


@pytest.mark.parametrize("event", [AudioChunk(audio_chunk="", is_final=False), TypedText(text="hi"), Init()])
def test_what_makes_a_turn_is_never_slowed(clock: Clock, event: ClientEvent) -> None:
    limited = Allowance()
    assert all(limited.pause_s(event, 10_000_000) == 0 for _ in range(10_000))


@given(st.lists(st.floats(1 / PER_S, 1), max_size=50))
def test_who_sends_them_no_faster_than_that_is_never_slowed(gaps_s: list[float]) -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allowance, "perf_counter", clock)
        limited = Allowance()
        for gap_s in gaps_s * 20:
            clock.now_s += gap_s
            assert limited.pause_s(Heartbeat(), 10) == 0


def test_a_large_refused_message_counts_by_its_size(clock: Clock) -> None:
    limited = Allowance()
    first_s = limited.pause_s(REFUSED, 10_000_000)
    clock.now_s += first_s
    assert 0.5 < first_s < limited.pause_s(REFUSED, 10_000_000) < 4
