"""Progress without a terminal: a line per tenth of the work, and one per half minute when the work is slow."""

from voicelab.cli import terminal


def test_slow_work_shows_its_progress_and_the_time_left(monkeypatch, capsys):
    now_s = 0.0
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now_s)
    with terminal.progress_bar("turns") as advance:
        for done in range(80):
            advance(done, 1000)
            now_s += 5.0
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == [
        "turns: 0 of 1000",
        "turns: 6 of 1000, about 4970 s left",
        "turns: 12 of 1000, about 4940 s left",
    ]
    assert len(lines) == 1 + 79 // 6


def test_fast_work_shows_tenths(monkeypatch, capsys):
    monkeypatch.setattr(terminal.time, "monotonic", lambda: 0.0)
    with terminal.progress_bar("turns") as advance:
        for done in range(101):
            advance(done, 100)
    assert capsys.readouterr().err.splitlines() == [f"turns: {done} of 100" for done in range(0, 101, 10)]
