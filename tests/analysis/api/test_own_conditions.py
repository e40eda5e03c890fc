"""Own conditions in a run: through Python and the command line, in the record, and on resumption."""

import pytest
from typer.testing import CliRunner

import voicelab
from tests.support.own_engines import Quieter, Shuffled
from tests.support.sample_sets import samples_folder
from tests.support.tones import tone
from voicelab.audio.codecs import encode_wav
from voicelab.cli.main import app
from voicelab.errors import InputError
from voicelab.report import page
from voicelab.runs.records import RunFolder

QUIETER = "tests.support.own_engines:Quieter"


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])


def evaluate(out, condition, **options):
    return voicelab.evaluate(samples_folder(), out, asr="fake", tts="fake", limit=1, condition=condition, **options)


def sent(run):
    return [turn.sent for turn in run.records.turns()]


def test_an_object_and_its_name_send_the_same_sound_and_are_recorded(tmp_path):
    runs = [evaluate(tmp_path, one) for one in (Quieter(factor=0.1), f"{QUIETER}:factor=0.1")]
    assert sent(runs[0]) == sent(runs[1])
    assert runs[1].result.spec.condition.transform == f"{QUIETER}:factor=0.1"
    assert "is not part of voicelab: source " in runs[1].result.notices[-1]
    assert runs[0].turns["condition"].iloc[0] == "Quieter"
    mixed = evaluate(tmp_path, {"transform": Quieter(), "telephone": True})
    assert mixed.result.spec.condition.label == "Quieter-2, telephone band", "another object has another name"


def test_the_command_line_takes_noise_files_and_classes(tmp_path):
    noise = tmp_path / "hum.wav"
    noise.write_bytes(encode_wav(tone(0.5, hz=120)))
    arguments = ["evaluate", "--in-process", "--limit", "1", "--asr", "fake", "--tts", "fake", "--out", str(tmp_path)]
    chosen = f"transform={QUIETER}:factor=0.5,noise={noise},snr_db=10"
    done = CliRunner().invoke(app, [*arguments, "--run-id", "r", "--condition", chosen])
    assert done.exit_code == 0, done.output
    assert sent(voicelab.load_run(tmp_path / "r"))[0].files == ("hum.wav",)
    refused = CliRunner().invoke(app, [*arguments, "--condition", f"noise={tmp_path}/gone.wav,snr_db=10"])
    assert refused.exit_code == 2
    assert "does not exist" in refused.output


def test_a_run_goes_on_only_with_the_same_sound_files_and_objects(tmp_path):
    noise = tmp_path / "hum.wav"
    noise.write_bytes(encode_wav(tone(0.5, hz=120)))
    run = evaluate(tmp_path, f"noise={noise},snr_db=10")
    stop(run)
    noise.write_bytes(encode_wav(tone(0.5, hz=130)))
    with pytest.raises(InputError, match="sound files or the code of the condition have changed"):
        voicelab.resume(run.folder)
    own = evaluate(tmp_path, Quieter(factor=0.3))
    before = sent(own)
    stop(own)
    again = voicelab.resume(own.folder, condition=Quieter(factor=0.3))
    assert sent(again) == before
    with pytest.raises(InputError, match="this run used"):
        voicelab.resume(own.folder, condition=Shuffled())


def stop(run):
    """Modify the run as if it had been stopped before its turn."""
    folder = RunFolder(run.folder)
    folder.write(run.result.model_copy(update={"status": "interrupted", "finished_at": None}))
    (run.folder / "turns.jsonl").unlink()
