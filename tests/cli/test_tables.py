"""Tables show every cell completely, however narrow the terminal is."""

import pytest

from voicelab.cli import terminal

_CELLS = ("20260131-120102-moonshine-burst-1a2b3c", "0.268", "0.467", "文字列の名前", "0.23 s")


@pytest.mark.parametrize("width", [20, 80, 200])
def test_whole_cells_are_on_one_line(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    columns = ("run", "WER", "recall", "name", "first sound p50")
    terminal.table("1 run", columns, [_CELLS], whole=columns)
    (row,) = [line for line in capsys.readouterr().out.splitlines() if _CELLS[0] in line]
    assert [cell in row for cell in _CELLS] == [True] * len(_CELLS)


def test_other_cells_are_folded_to_the_width_and_lose_nothing(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "30")
    terminal.table("1 figure", ("figure", "note"), [("wer", "x" * 50)], whole=("figure",))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 30
    assert "".join(lines).count("x") == 50
