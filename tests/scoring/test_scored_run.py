"""A run's scores are read once while they are in use, and again when its files have changed."""

from tests.support.compared_runs import ALIKE, SAID, hears, written
from voicelab.runs.records import RunFolder
from voicelab.scoring.scored_run import read_scored
from voicelab.text import normalizer


def test_a_run_in_use_is_read_once(tmp_path):
    folder = RunFolder(written(tmp_path / "run", hears(SAID, ALIKE, run_id="run")))
    first = read_scored(folder)
    assert read_scored(folder).scores is first.scores
    assert read_scored(folder, normalizer("basic")).scores is not first.scores


def test_a_changed_run_is_read_again(tmp_path):
    folder = RunFolder(written(tmp_path / "run", hears(SAID, ALIKE, run_id="run")))
    first = read_scored(folder)
    run, turns = hears(SAID[:1], ["please"], run_id="run")
    folder.append(turns[0].model_copy(update={"key": "one more", "sample_id": "one more"}))
    assert len(read_scored(folder).scores) == len(first.scores) + 1
    folder.write(run.model_copy(update={"status": "interrupted"}))
    assert read_scored(folder).run.status == "interrupted"
