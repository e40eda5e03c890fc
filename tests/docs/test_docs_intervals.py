"""The commands of docs/explanation/confidence_intervals.md work, and its figures are those of the code."""

import doctest
import re
import shlex
from pathlib import Path

from tests.support.command_line import voicelab
from tests.support.compared_runs import ALIKE, SAID, WORSE, hears, written
from voicelab.metrics.latency import QUANTILES, least_turns, least_turns_for_interval

DOCUMENT = (Path(__file__).parents[2] / "docs" / "explanation" / "confidence_intervals.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


def test_the_commands_run(tmp_path, monkeypatch):
    for name, heard in (("a", ALIKE), ("b", WORSE)):
        written(tmp_path / "reports" / name, hears(SAID, heard, run_id=name, speakers="abcde"))
    monkeypatch.chdir(tmp_path)
    lines = [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == 6
    codes = {}
    for program, *arguments in lines:
        assert program == "voicelab"
        codes[" ".join(arguments)] = voicelab(*arguments).exit_code
    # WORSE is worse than ALIKE, and the gate says so.
    assert sorted(codes.values()) == [0, 0, 0, 0, 0, 1]
    assert codes["gate reports/b --baseline reports/a --no-worse wer --margin 0.01"] == 1
    assert (tmp_path / "gate.xml").exists()
    assert (tmp_path / "power.png").exists()


def test_the_python_does_what_is_shown():
    examples = doctest.DocTestParser().get_doctest(
        "\n".join(blocks("python")), {}, "confidence_intervals.md", "confidence_intervals.md", 0
    )
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(examples, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_the_tables_are_the_codes():
    row = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in DOCUMENT.splitlines() if line.startswith("|")}
    assert [int(cell) for cell in row["the percentile needs"]] == [least_turns(at) for at in QUANTILES.values()]
    assert [int(cell) for cell in row["its interval needs, at least"]] == [
        least_turns_for_interval(at) for at in QUANTILES.values()
    ]
