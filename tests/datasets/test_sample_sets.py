"""Selections of sets, conversion to and from DataFrames, and saving in two formats."""

import pytest

import voicelab
from tests.support.sample_sets import samples_folder, write_set
from voicelab.datasets import SampleSet, load
from voicelab.datasets.columns import SetColumns
from voicelab.errors import InputError
from voicelab.report import page


def facts(samples):
    return [(one.id, one.text, one.category, one.speaker, one.recording_bytes()) for one in samples]


def test_a_set_is_chosen_from():
    samples = load(samples_folder())
    part = samples[2:5]
    assert (len(part), part[0], part[part[1].id]) == (3, samples[2], samples[3])
    chosen = samples.where(lambda sample: sample.speaker == samples[0].speaker)
    assert {sample.speaker for sample in chosen} == {samples[0].speaker}
    assert 0 < len(chosen) < len(samples)


def test_it_is_saved_in_the_seeds_format_and_as_a_manifest(tmp_path):
    samples = load(write_set(tmp_path))
    again = load(samples.save(tmp_path / "copy"))
    assert facts(again) == facts(samples)
    assert [one.turns[0].id for one in again.scenarios] == ["a"]
    with pytest.raises(InputError, match="a manifest cannot contain"):
        samples.save(tmp_path / "m.jsonl")
    flat = samples[1:]
    assert facts(load(flat.save(tmp_path / "m.jsonl"))) == facts(flat)
    with pytest.raises(InputError, match="already exists"):
        flat.save(tmp_path / "m.jsonl")
    with pytest.raises(InputError, match="write a folder"):
        flat.save(tmp_path / "m.csv")


def test_a_frame_and_a_set_become_each_other():
    samples = load(samples_folder())[:5]
    frame = samples.to_frame()
    again = SampleSet.from_frame(frame[frame["audio_kind"] == "file"])
    assert [(one.id, one.text, one.speaker, one.audio_path) for one in again] == [
        (one.id, one.text, one.speaker, one.audio_path.absolute()) for one in samples if one.audio_kind == "file"
    ]
    with pytest.raises(InputError, match="row 1: field 'text' is missing"):
        SampleSet.from_frame(frame[["audio_path"]])


def test_displays_are_short_and_readable_untrusted(tmp_path):
    samples = load(write_set(tmp_path))
    assert repr(samples[0]) == "Sample a (one, x): 'hello'"
    assert len(repr(samples)) < 200
    assert "2 samples, 1 scenario (" in repr(samples)
    for shown in (samples[0]._repr_html_(), samples._repr_html_(), samples[0].clip()._repr_html_()):
        assert "<script" not in shown
    assert '<audio controls src="data:audio/wav;base64,' in samples[0]._repr_html_()
    assert "waveform, 0.50 s" in samples[0].clip()._repr_html_()


def test_a_set_with_columns_of_its_own_is_run_where_it_lies_and_a_part_of_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    write_set(tmp_path)
    rows = [f"{number},hello,{tmp_path / 'a.ogg'}" for number in range(3)]
    (tmp_path / "odd.csv").write_text("\n".join(["key,words,audio_filepath", *rows]))
    samples = load(tmp_path / "odd.csv", SetColumns(reference="words", id="key"))
    runs = [
        voicelab.evaluate(one, tmp_path / "runs", asr="fake", tts="fake", run_id=name)
        for name, one in (("whole", samples), ("part", samples[:2]))
    ]
    assert [len(run.turns) for run in runs] == [3, 2]
    assert runs[0].result.spec.samples == str(tmp_path / "odd.csv")
    assert runs[1].result.spec.samples == str(tmp_path / "runs/part/samples/voice_samples.json")
