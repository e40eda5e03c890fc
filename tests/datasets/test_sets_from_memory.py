"""Sets from DataFrames, Hugging Face datasets, lhotse cuts and mappings."""

import numpy as np
import pandas as pd
import pytest

import voicelab
from tests.support.extras import package
from tests.support.sample_sets import write_set
from tests.support.tones import tone
from voicelab.audio.codecs import encode_wav
from voicelab.datasets import SampleSet, load
from voicelab.datasets.columns import SetColumns
from voicelab.errors import InputError
from voicelab.report import page

WAV = encode_wav(tone(0.5))


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "one.wav").write_bytes(WAV)
    (tmp_path / "two.wav").write_bytes(encode_wav(tone(0.3)))
    return [
        {"audio_filepath": str(tmp_path / "one.wav"), "text": "hello", "speaker": "x", "expected_entities": ["hello"]},
        {"audio_filepath": str(tmp_path / "two.wav"), "text": "good day", "speaker": None, "expected_entities": None},
    ]


def facts(samples):
    return [(one.id, one.text, one.speaker, one.expected_entities, one.recording_bytes()) for one in samples]


def in_polars(rows):
    return package("polars").DataFrame(rows)


def in_polars_lazily(rows):
    return in_polars(rows).lazy()


def in_a_dataset(rows):
    return package("datasets").Dataset.from_list(rows)


@pytest.mark.parametrize("made", [pd.DataFrame, in_polars, in_polars_lazily, in_a_dataset, list, iter])
def test_every_table_gives_the_samples_of_its_rows(rows, made):
    found = SampleSet.from_frame(made(rows))
    assert facts(found) == facts(SampleSet.from_frame(rows))
    assert [one.id for one in found] == ["one", "two"]
    assert facts(load(made(rows))) == facts(found)


def test_recordings_in_memory_are_run_saved_and_heard(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    samples = SampleSet.from_frame(
        [
            {"id": "encoded", "audio": {"bytes": WAV, "path": "far/away.wav"}, "text": "hello"},
            {"id": "array", "audio": {"array": tone(0.5).samples, "sampling_rate": 16_000}, "text": "hello"},
            {"id": "plain", "audio": WAV, "text": "hello"},
        ]
    )
    clips = [sample.clip() for sample in samples]
    assert all(np.array_equal(clip.samples, clips[0].samples) for clip in clips)
    again = load(samples.save(tmp_path / "kept"))
    assert facts(again) == facts(samples)
    run = voicelab.evaluate(samples, tmp_path / "runs", asr="fake", tts="fake")
    assert len(run.turns) == 3
    assert "audio" in run.listen("array")._repr_html_()
    assert "encoded" not in samples.to_frame().columns
    with pytest.raises(InputError, match="row 1: audio_kind 'memory': a frame refers to sound files"):
        SampleSet.from_frame(samples.to_frame())


def test_a_dataset_with_audio_is_not_decoded(tmp_path):
    datasets = package("datasets")
    write_set(tmp_path)
    (tmp_path / "a.wav").write_bytes(WAV)
    rows = {"audio": [str(tmp_path / "a.wav")], "sentence": ["hello"]}
    found = datasets.Dataset.from_dict(rows).cast_column("audio", datasets.Audio())
    samples = load(found)
    assert [(one.text, one.recording_bytes()) for one in samples] == [("hello", WAV)]
    with pytest.raises(InputError, match=r"not from .*DatasetDict; choose one of its entries"):
        load(datasets.DatasetDict({"test": found}))


def test_lhotse_cuts_stay_parts_of_their_files(tmp_path):
    lhotse = package("lhotse")
    (tmp_path / "long.wav").write_bytes(encode_wav(tone(2.0)))
    recording = lhotse.Recording.from_file(tmp_path / "long.wav")
    said = [
        lhotse.SupervisionSegment(f"s{number}", recording.id, start, 0.5, text=text, speaker="x", language="en")
        for number, (start, text) in enumerate([(0.0, "hello"), (1.0, "good day")])
    ]
    whole = lhotse.MonoCut("whole", 0, 2.0, 0, supervisions=said, recording=recording)
    cuts = lhotse.CutSet.from_cuts([whole, whole.truncate(offset=1.0, duration=0.5).with_id("part")])
    samples = load(cuts)
    assert [(one.id, one.text, one.offset_s, one.duration_s) for one in samples] == [
        ("whole", "hello good day", None, None), ("part", "good day", 1.0, 0.5),
    ]  # fmt: skip
    assert samples[1].clip().duration_s == pytest.approx(0.5)
    assert samples[0].speaker == "x"
    mixed = lhotse.CutSet.from_cuts([whole.pad(duration=3.0).with_id("padded")])
    assert load(mixed)[0].clip().duration_s == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ([], "list: contains no samples"),
        (pd.DataFrame(), "DataFrame: contains no samples"),
        (pd.DataFrame({"audio": [""], "words": ["x"]}), r"DataFrame: row 1: field 'text' is missing .*SetColumns\(ref"),
        (3, "a sample set is made from a pandas or polars DataFrame.*, not from builtins.int"),
        ({"test": []}, "not from builtins.dict; choose one of its entries"),
        (["a.wav"], "a row is builtins.str"),
        ([{"audio": b"", "text": "x"}], "row 1: field 'audio': contains no recording"),
        ([{"audio": {}, "text": "x"}], "it needs bytes, a path, or array and sampling_rate"),
        ([{"audio": {"array": np.zeros((2, 8)), "sampling_rate": 8}, "text": "x"}], r"shape \(n,\)"),
        ([{"audio": {"array": np.zeros(8)}, "text": "x"}], "sampling_rate must be a positive integer, not None"),
        ([{"audio": WAV}], "list: row 1: field 'text' is missing"),
    ],
    ids=str,
)
def test_what_is_no_set_is_refused(source, said):
    with pytest.raises(InputError, match=said):
        load(source)


def test_columns_may_have_other_names(rows):
    frame = pd.DataFrame([{"wav": one["audio_filepath"], "words": one["text"]} for one in rows])
    samples = SampleSet.from_frame(frame, columns=SetColumns(reference="words", audio="wav"))
    assert [one.text for one in samples] == ["hello", "good day"]
