"""A word map unifies user-defined spellings, is recorded by its hash, and errors name the line."""

import hashlib
import json

import pytest

from tests.support.command_line import voicelab
from voicelab.errors import InputError
from voicelab.runs.records import RunSpec
from voicelab.text import WordMap, normalizer


def mapped(tmp_path, content, name="words.glm"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return WordMap.read(path)


@pytest.mark.parametrize(
    ("content", "one", "other"),
    [
        ("colour => color\n", "Colour, please", "color please"),
        ("; a comment\n# another\n\n[wanna] => [want to]\n", "I wanna go", "i want to go"),
        ("Berkshire Hathaway => BRK\n", "berkshire   hathaway rose", "brk rose"),
        ("like =>\n", "it is like good", "it is good"),
        ("cat => dog\ncat food => kibble\n", "cat food for a cat", "kibble for a dog"),
        ("a => b\nb => a\n", "a b", "b a"),
        ("台 => 臺\n", "台北", "臺北"),
        ("can => may\n", "can't can", "can't may"),
    ],
)
def test_mapped_words_are_one(tmp_path, content, one, other):
    rules = mapped(tmp_path, content).before(normalizer("basic"))
    assert rules.words(one) == normalizer("basic").words(other)


def test_a_csv_is_read_too(tmp_path):
    assert mapped(tmp_path, 'from,to\n"AT, T",AT&T\n', "words.csv").apply("at, t rose") == "AT&T rose"


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        ("a => b\nnothing here\n", "m.txt", "m.txt: line 2: no '=>' in 'nothing here'"),
        ("=> b\n", "m.txt", "m.txt: line 1: the left side is empty"),
        ("a => b\nA => c\n", "m.txt", "m.txt: line 2: 'A' occurs twice"),
        ("# nothing\n", "m.txt", "m.txt: contains no entries"),
        ("old,new\na,b\n", "m.csv", "m.csv: line 1: the columns must be from,to, not old,new"),
        ("from,to\na,b,c\n", "m.csv", "m.csv: line 2: 3 columns instead of 2"),
    ],
)
def test_errors_name_file_and_line(tmp_path, content, name, problem):
    with pytest.raises(InputError, match=problem):
        mapped(tmp_path, content, name)


def test_score_records_the_map_by_its_hash(tmp_path):
    table, words = tmp_path / "t.jsonl", tmp_path / "words.txt"
    table.write_text(json.dumps({"id": "a", "text": "buy brk", "pred_text": "buy Berkshire"}) + "\n")
    words.write_text("berkshire => brk\n")
    without = json.loads(voicelab("score", table, table, "--json").stdout)
    found = json.loads(voicelab("score", table, table, "--json", "--word-map", words).stdout)
    assert (without["total"]["errors"], found["total"]["errors"]) == (1, 0)
    assert found["normalizer"]["word_map_sha256"] == hashlib.sha256(words.read_bytes()).hexdigest()
    missing = voicelab("score", table, table, "--word-map", tmp_path / "none.txt")
    assert missing.exit_code == 2
    assert "--word-map" in missing.output


def test_a_run_keeps_the_map_itself(tmp_path):
    spec = RunSpec(samples="s", normalizer="basic", word_map=mapped(tmp_path, "a b => c\n"))
    again = RunSpec.model_validate_json(spec.model_dump_json())
    assert again == spec
    assert again.rules.words("A b d") == ["c", "d"]
    assert again.rules.word_map == spec.word_map.sha256
