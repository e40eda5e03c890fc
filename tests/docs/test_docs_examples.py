"""The examples in the documents work: files are written, commands run, Python is evaluated."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from tests.support.command_line import voicelab

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTS = ["reference/scoring.md", "reference/matching.md", "how-to/robustness.md"]


def blocks(document: str, language: str) -> list[tuple[str, str]]:
    """Yield (text after the language's name, block) in order."""
    text = (DOCS / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}(\S*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(params=DOCUMENTS)
def document(request, tmp_path, monkeypatch):
    for name, content in blocks(request.param, "file:"):
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return request.param


def test_the_commands_print_what_is_shown(document):
    shown = blocks(document, "console")
    assert shown
    for _, block in shown:
        prompt, _, expected = block.partition("\n")
        command = shlex.split(prompt.removeprefix("$ "))
        assert command[0] == "voicelab"
        done = voicelab(*command[1:])
        assert done.exit_code == 0, done.output
        assert [line.rstrip() for line in done.stdout.splitlines()] == [line.rstrip() for line in expected.splitlines()]


def test_the_python_does_what_is_shown(document):
    source = "\n".join(block for _, block in blocks(document, "python"))
    examples = doctest.DocTestParser().get_doctest(source, {}, document, document, 0)
    assert len(examples.examples) > 5
    said: list[str] = []
    runner = doctest.DocTestRunner()
    runner.run(examples, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
