"""Sets are loaded completely in every format, or with an error that names the file, the entry and the field."""

import json
from collections import Counter

import pytest

from tests.support.required import SEED, needs_seed
from tests.support.sample_sets import samples_folder, write_set
from tests.support.tones import tone
from voicelab import datasets
from voicelab.audio import codecs
from voicelab.audio.opus import encode_ogg
from voicelab.errors import InputError


def test_the_seeds_format(tmp_path):
    found = datasets.load(write_set(tmp_path).parent)
    assert [sample.id for sample in found.samples] == ["a", "b"]
    assert found.categories == ("one", "two")
    assert found.sample("b").requires_context
    assert found.sample("b").audio_kind == "event"
    assert found.sample("b").audio_bytes() == encode_ogg(tone(0.5))
    assert [turn.id for turn in found.scenario("s").turns] == ["a", "b"]


def test_jsonl_and_csv(tmp_path):
    (tmp_path / "a.wav").write_bytes(codecs.encode_wav(tone(0.5)))
    row = {"audio_filepath": "a.wav", "text": "hello there", "duration": 0.5, "speaker": "x"}
    (tmp_path / "m.jsonl").write_text(json.dumps(row) + "\n\n" + json.dumps(row | {"id": "other"}) + "\n")
    (tmp_path / "m.csv").write_text(
        "audio_filepath,text,expected_entities,requires_context\na.wav,hello there,hello;there,true\n"
    )
    listed = datasets.load(tmp_path / "m.jsonl")
    assert [sample.id for sample in listed.samples] == ["a", "other"]
    table = datasets.load(tmp_path / "m.csv")
    assert table.samples[0].expected_entities == ("hello", "there")
    assert table.samples[0].requires_context
    assert table.samples[0].clip().duration_s == 0.5


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"text": None}, r"voice_samples.json: samples.one\[0\] \(a\): field 'text' is missing"),
        ({"text": 5}, "field 'text' must be a string"),
        ({"id": None}, r"samples.one\[0\]: field 'id' is missing"),
        ({"id": "b"}, "two samples have the id 'b'"),
        ({"audio_path": "nowhere.ogg"}, "field 'audio_path' names a file that does not exist"),
        ({"audio_path": None}, r"field 'audio_path' is missing \(or encoded_path, or wav_path\)"),
        ({"expected_entities": [1]}, "field 'expected_entities' must be a list of strings"),
        ({"requires_context": "maybe"}, "field 'requires_context' must be true or false"),
    ],
)
def test_a_broken_entry_is_named(tmp_path, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        datasets.load(write_set(tmp_path, **changes))


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("x.json", "{", "not JSON"),
        ("x.json", "[]", "contains no samples"),
        ("x.json", '{"samples": {"one": {}}}', "samples.one: must be a list"),
        ("x.json", '{"samples": {"one": [3]}}', r"samples.one\[0\]: must be an object"),
        ("x.json", '{"samples": {}}', "contains no samples"),
        ("x.jsonl", "{}\n{", "line 2: not JSON"),
        ("x.jsonl", '{"text": "a"}', "line 1: field 'audio_filepath' is missing"),
        ("x.csv", "text\nhello\n", "line 2: field 'audio_filepath' is missing"),
        ("x.txt", "hello\n", "line 1: field 'audio_filepath' is missing .* the columns are: 'text'"),
        ("x.trn", "hello (a_1)\n", "is not a sample set; give a voice_samples.json or its folder, a file ending in"),
        ("x.json", b"\xff\xfe\xff", "not UTF-8"),
    ],
)
def test_a_broken_file_is_named(tmp_path, name, content, complaint):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=complaint) as caught:
        datasets.load(path)
    assert name in str(caught.value)


def test_a_scenario_that_names_no_sample_is_refused(tmp_path):
    path = write_set(tmp_path)
    document = json.loads(path.read_text())
    document["samples"]["multi_turn_scenarios"][0]["turns"] = ["a", "zz"]
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"multi_turn_scenarios.* names a sample that does not exist: 'zz'"):
        datasets.load(path)


def test_audio_that_is_not_what_its_checksum_says_is_refused(tmp_path):
    found = datasets.load(write_set(tmp_path, sha256="0" * 64))
    with pytest.raises(InputError, match="sample 'a': the file does not match the field 'sha256'"):
        found.sample("a").audio_bytes()


def test_a_broken_event_names_file_and_sample(tmp_path):
    found = datasets.load(write_set(tmp_path))
    (tmp_path / "b.json").write_text('{"data": {"audio_chunk": "***"}}')
    with pytest.raises(InputError, match=r"b\.json: sample 'b'"):
        found.sample("b").audio_bytes()


def test_a_part_of_a_set_has_some_of_everything():
    whole = datasets.load(samples_folder())
    part = whole.only(limit=12)
    assert len(part.samples) == 12
    assert part.categories == whole.categories
    assert all(turn in part.samples for scenario in part.scenarios for turn in scenario.turns)
    with pytest.raises(InputError, match="no category 'cats'; there are: stock_price_queries"):
        whole.only(categories=["cats"])
    with pytest.raises(InputError, match="no sample 'zz'"):
        whole.sample("zz")


@pytest.mark.parametrize("limit", [1, 5, 10, 12, 23, 80, 999])
def test_a_part_of_a_set_has_as_many_speakers_and_categories_as_it_can(limit):
    whole = datasets.load(samples_folder())
    part = whole.only(limit=limit)
    assert len(part.samples) == min(limit, len(whole))
    assert list(part.samples) == [sample for sample in whole.samples if sample in part.samples], "in the file's order"
    by_speaker = Counter(sample.speaker for sample in part.samples)
    assert len(by_speaker) == min(limit, len({sample.speaker for sample in whole}))
    assert len(part.categories) == min(limit, len(whole.categories))
    assert whole.only(limit=limit) == part


def test_a_set_without_speakers_takes_from_each_category_in_turn(tmp_path):
    rows = [
        (f"{category}{number}", category) for category, many in (("x", 5), ("y", 2), ("z", 1)) for number in range(many)
    ]
    lines = [f"id,audio_filepath,text,category\n{rows[0][0]},a.wav,go,{rows[0][1]}"]
    lines += [f"{name},a.wav,go,{category}" for name, category in rows[1:]]
    (tmp_path / "set.csv").write_text("\n".join(lines))
    (tmp_path / "a.wav").write_bytes(b"")
    part = datasets.load(tmp_path / "set.csv").only(limit=6)
    assert [sample.id for sample in part.samples] == ["x0", "x1", "x2", "y0", "y1", "z0"]


@needs_seed
def test_the_original_recordings_load_as_they_are():
    found = datasets.load(SEED)
    assert len(found.samples) == 8
    assert len(found.scenarios) == 1
    for sample in found.samples:
        assert 1.0 < sample.clip().duration_s < 6.0
