"""The commands of docs/how-to/audit.md work as shown."""

import doctest
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.mislabelled import run_on
from tests.support.sample_sets import samples_folder
from voicelab.cli.main import app
from voicelab.datasets import load

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "audit.md").read_text(encoding="utf-8")
LABELS = {"price_ko": "Give me a quote on Pepsi", "other_music": "Play some relaxing piano music"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def voicelab(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with my/set.jsonl and two runs on it, as the document assumes."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "my").mkdir()
    rows = []
    for sample_id, text in LABELS.items():
        source = load(samples_folder()).sample(sample_id).audio_path
        shutil.copy(source, folder / "my")
        rows.append(json.dumps({"id": sample_id, "audio_filepath": source.name, "text": text}) + "\n")
    (folder / "my" / "set.jsonl").write_text("".join(rows))
    systems = {"a": "give me a quote on coca cola", "b": "give me your quote on coca cola"}
    for name, heard in systems.items():
        run_on(folder / "my" / "set.jsonl", heard, folder / "reports" / name)
    return folder


def test_every_command_does_what_it_says(desk, monkeypatch):
    monkeypatch.chdir(desk)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    said = {}
    for line in lines:
        command = shlex.split(line, comments=True)
        assert command[0] == "voicelab"
        said[command[1]] = voicelab(*command[1:])
        if "--fixes" in command:
            first = Path("fixes.csv").read_text().splitlines()[1]
            assert first.startswith("price_ko,,Give me a quote on Pepsi"), "the wrong label is on top"
            (filled_in,) = blocks("csv")
            Path("fixes.csv").write_text(filled_in)
    assert "version 2, from 1: 1 corrected, 0 dropped, 1 kept" in said["correct"]
    assert load("my/set-2/set.jsonl").sample("price_ko").text == "Give me a quote on Coca-Cola"
    assert "recordings" in said["roundtrip"]


def test_the_python_does_what_is_shown():
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks("python")), {}, "audit.md", None, 0)
    assert len(examples.examples) == 5
    said: list[str] = []
    runner = doctest.DocTestRunner()
    runner.run(examples, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)
