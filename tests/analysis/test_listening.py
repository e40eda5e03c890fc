"""`voicelab listen`: the scores, the stored file, and the report."""

import json

import numpy as np
import pytest

from tests.support.command_line import voicelab
from tests.support.sample_sets import write_set
from voicelab.analysis import listening
from voicelab.audio.mos.scores import SoundQuality
from voicelab.errors import InputError
from voicelab.report import page
from voicelab.runs import runner
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.scoring import sound_quality


class Loudness:
    """A stub of the models: louder audio has a higher score."""

    def score(self, clip):
        level = float(np.clip(1 + 20 * np.abs(clip.samples).mean(), 1, 5))
        return SoundQuality(level, level, level, level, level)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> RunFolder:
    monkeypatch.setattr(listening, "SoundQualityModels", Loudness)
    spec = RunSpec(samples=str(write_set(tmp_path)), asr="fake", tts="fake", target="in-process", draws=100)
    return runner.evaluate(spec, tmp_path / "runs", run_id="r")[0]


def test_replies_and_requests_are_scored_and_kept(folder):
    told = []
    record = listening.listen(folder, "fake", progress=lambda done, total: told.append((done, total)))
    assert sound_quality.read(folder.path) == record
    turns = [turn for turn in folder.turns() if turn.reply_file is not None]
    assert {sound.key for sound in record.replies.sounds} == {turn.key for turn in turns}
    assert told[-1] == (len(told), len(told))
    assert len(told) == len(record.replies.sounds) + len(record.requests.sounds)
    for group in (record.replies, record.requests):
        values = [sound.scores["overall"] for sound in group.sounds]
        assert group.scores["overall"].value == pytest.approx(np.mean(values))
        assert group.wer.of == sum(sound.words for sound in group.sounds)
        assert group.wer.part == sum(sound.errors for sound in group.sounds)
    assert {sound.key: sound.heard for sound in record.requests.sounds} == {
        turn.key: turn.heard for turn in folder.turns() if turn.primary
    }


def test_the_report_shows_it_once_somebody_has_listened(folder):
    assert "sound quality" not in page.write(folder).read_text().lower()
    done = voicelab("listen", folder.path, "--scores-only", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["recognizer"] is None
    text = (folder.path / "report.html").read_text()
    assert "Sound quality" in text
    assert "not naturalness" in text


def test_what_cannot_be_scored_is_said(folder, tmp_path):
    (tmp_path / "a.ogg").unlink()
    record = listening.listen(folder, None)
    assert record.requests.sounds == ()
    assert "no longer exist" in record.requests.absent
    (folder.path / sound_quality.FILE_NAME).write_text("{}")
    with pytest.raises(InputError, match="write it again: voicelab listen"):
        sound_quality.read(folder.path)


def test_options_that_exclude_each_other_are_refused(folder):
    done = voicelab("listen", folder.path, "--scores-only", "--asr", "fake")
    assert done.exit_code == 2
    assert "leave --asr out" in " ".join(done.output.split())
