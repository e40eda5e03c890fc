"""The class Run: created, loaded, compared and displayed, with paths as text or Path."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest

import voicelab
from tests.support.sample_sets import samples_folder
from voicelab.errors import InputError
from voicelab.report import page
from voicelab.runs.records import RunFolder, RunResult, RunSpec
from voicelab.runs.runner import new_run_id
from voicelab.scoring.summary import summarize


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two runs of the same four samples; the second has another recognizer."""
    out = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", lambda _: [])
        return [
            voicelab.evaluate(
                str(samples_folder()), str(out), asr=asr, tts="fake", limit=4, seed=7, run_id=name,
                condition="noise=white,snr_db=20",
            )
            for name, asr in (("a", "fake"), ("b", "fake:text=sell everything"))
        ]  # fmt: skip


def test_a_run_has_its_figures_with_intervals(pair):
    run = pair[0]
    known = summarize(run.folder)
    assert run.summary["wer"] == known.figures["wer"]
    assert (run.summary["wer"].low, run.summary["wer"].high) == known.figures["wer"].interval[:2]
    assert set(run.summary) == set(known.figures)
    assert run.summary.to_frame().loc["word error rate (WER)", "value"] == known.figures["wer"].value
    assert re.search(r"word error rate \(WER\) +\d\.\d{3} +\[", repr(run.summary))
    with pytest.raises(KeyError, match=r"nothing; the run has: .*wer"):
        run.summary["nothing"]


def test_its_turns_say_which_run_they_are_of(pair):
    turns = pd.concat(run.turns for run in pair)
    assert list(turns.columns[:6]) == ["run_id", "asr", "agent", "tts", "condition", "seed"]
    by_run = turns.groupby("run_id").first()
    assert list(by_run["asr"]) == ["fake:language=en", "fake:text=sell everything"] or list(by_run["asr"]) == [
        "fake", "fake:text=sell everything",
    ]  # fmt: skip
    assert set(turns["seed"]) == {7}
    assert set(turns["condition"]) == {"white noise at 20 dB SNR"}
    assert list(turns.groupby("run_id").size()) == [4, 4]


def test_it_leaves_what_the_command_line_leaves(pair):
    names = {path.name for path in pair[0].folder.iterdir()}
    assert {"run.json", "turns.jsonl", "summary.json", "turns.parquet", "report.html", "replay.json"} <= names
    assert pair[0].report() == pair[0].folder / "report.html"


def test_the_earlier_call_goes_on_working(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    spec = RunSpec(samples=str(samples_folder()), asr="fake", tts="fake", target="in-process", limit=1)
    folder, result = voicelab.evaluate(spec, tmp_path, run_id="r")
    assert isinstance(folder, RunFolder)
    assert isinstance(result, RunResult)
    again, _ = voicelab.resume(folder.path)
    assert again.path == tmp_path / "r"


def test_runs_are_compared_by_object_and_by_path(pair):
    first, second = pair
    found = first.compare(second).words()
    assert found.equals(voicelab.compare(str(first.folder), second.folder).words())
    assert list(found["run"]) == ["a", "b"]
    shown = first.compare(second)
    assert repr(shown) == "Comparison of a, b: 4 samples"
    assert "b minus a" in shown._repr_html_()


def test_many_runs_become_one_frame_and_a_damaged_one_stays_visible(pair, tmp_path):
    for run in pair:
        (tmp_path / run.id).symlink_to(run.folder)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    frame = voicelab.load_runs(f"{tmp_path}/*")
    assert set(frame.index) == {"a", "b", "broken"}
    assert frame.loc["a", "wer"] == pair[0].summary["wer"].value
    assert frame.loc["b", "wer_low"] == pair[1].summary["wer"].low
    assert frame.loc["broken", "state"] == "damaged"
    assert frame.loc["broken", "note"]
    assert [run.id for run in voicelab.find_runs(tmp_path / "*")] == ["a", "b"]
    with pytest.raises(InputError, match="no run matches"):
        voicelab.load_runs(tmp_path / "none-*")


def test_load_run_refuses_a_folder_without_a_run(pair, tmp_path):
    assert voicelab.load_run(pair[0].folder).summary["wer"] == pair[0].summary["wer"]
    with pytest.raises(InputError, match=r"run\.json: cannot be read"):
        voicelab.load_run(tmp_path)


def test_a_run_is_readable_where_a_notebook_is_not_trusted(pair):
    shown = pair[0]._repr_html_()
    assert not re.search(r"<(script|style|svg)", shown)
    assert "word error rate" in shown
    assert 'href="' in shown
    assert len(repr(pair[0])) < 300
    sample = pair[0].turns["sample_id"].iloc[0]
    assert sample in pair[0].listen(sample)._repr_html_()
    with pytest.raises(InputError, match="no turn of sample 'nobody'"):
        pair[0].listen("nobody")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limit": 0}, "parameter limit: must be greater than or equal to 1, not 0"),
        ({"limit": "six"}, "parameter limit: must be a whole number, not 'six'"),
        ({"asr": "moonshin"}, "unknown asr engine 'moonshin'; known: moonshine,"),
        ({"asr": 3}, "asr: int cannot be used; it must be a class with the method `stream`"),
        ({"agent": lambda heard, dialogue: "x"}, "agent: function cannot be used; it must be a class with the method"),
        ({"categories": "nope"}, "no category 'nope'; there are:"),
        ({"condition": {"nois": "babble"}}, "parameter nois: unknown; known: transform,"),
        ({"figures": 3}, "figures: int is not a figure: it lacks name,"),
        ({"run_id": "../x"}, "../x: is a path; give the name only"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(tmp_path, options, said):
    """Neither with a set on disk nor with one in memory, which is written into the run's folder."""
    stored = voicelab.load(samples_folder())
    for samples in (samples_folder(), stored[:3] if "categories" not in options else stored):
        with pytest.raises(InputError) as caught:
            voicelab.evaluate(samples, tmp_path, **{"asr": "fake", "tts": "fake", "progress": False} | options)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not list(tmp_path.iterdir())


def test_ids_of_one_second_differ_and_say_what_ran():
    spec = RunSpec(samples="x", asr="fake:text=a", condition={"noise": "babble", "snr_db": 10})
    ids = {new_run_id(spec) for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"\d{8}-\d{6}-fake-burst-babble-10dB-[0-9a-f]{6}", one) for one in ids)


def test_the_version_is_known_in_python_and_on_the_command_line():
    shown = subprocess.run(
        [sys.executable, "-m", "voicelab", "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert shown == f"voicelab {voicelab.__version__}\n"
    assert json.dumps(voicelab.__version__).count(".") >= 1
