"""expected_tool_calls is read from every format and kept by corrections, and errors in it are reported."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.speech import SPEECH
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.metrics.tool_calls import Call
from voicelab.runs import provenance

CALLS: list[dict[str, Any]] = [{"name": "quote", "arguments": {"company": "Nvidia"}}, {"name": "watchlist_view"}]
READ = (Call("quote", {"company": "Nvidia"}), Call("watchlist_view"))


def jsonl(folder: Path, value: object) -> Path:
    file = folder / "set.jsonl"
    row = {"audio_filepath": str(SPEECH.audio_path), "text": "hello", "expected_tool_calls": value}
    file.write_text(f"{json.dumps(row)}\n")
    return file


def test_calls_are_read_from_json_and_from_a_cell(tmp_path: Path) -> None:
    assert load(jsonl(tmp_path, CALLS)).samples[0].expected_tool_calls == READ
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["id", "audio_filepath", "text", "expected_tool_calls"])
    table.writerow(["a", SPEECH.audio_path, "hello", json.dumps(CALLS)])
    table.writerow(["b", SPEECH.audio_path, "bye", ""])
    (tmp_path / "set.csv").write_text(text.getvalue())
    samples = load(tmp_path / "set.csv").samples
    assert [sample.expected_tool_calls for sample in samples] == [READ, None]


def test_an_empty_list_expects_that_nothing_is_called(tmp_path: Path) -> None:
    assert load(jsonl(tmp_path, [])).samples[0].expected_tool_calls == ()
    assert load(jsonl(tmp_path, None)).samples[0].expected_tool_calls is None


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"name": "quote"}, "must be a list of tool calls"),
        ("[{", "is not JSON"),
        (["quote"], "call 1: must be like"),
        ([{"name": "quote"}, {"arguments": {}}], "call 2: must be like"),
        ([{"name": ""}], "call 1: must be like"),
        ([{"name": "quote", "arguments": ["Nvidia"]}], "call 1: must be like"),
        ([{"name": "quote", "args": {}}], "call 1: must be like"),
    ],
)
def test_a_mistake_names_the_field_and_the_call(tmp_path: Path, value: object, complaint: str) -> None:
    with pytest.raises(InputError, match=rf"line 1.*'expected_tool_calls' {complaint}"):
        load(jsonl(tmp_path, value))


def test_other_expectations_are_another_set_and_none_leaves_the_digest_alone(tmp_path: Path) -> None:
    digests = [provenance.samples_sha256(load(jsonl(tmp_path, value))) for value in (None, [], CALLS)]
    assert len(set(digests)) == 3
