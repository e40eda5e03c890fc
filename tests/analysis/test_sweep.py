"""A sweep measures each condition on the same samples, repeats no turn when resumed, and finds breakpoints."""

import json
import signal
import subprocess
import sys

import pytest

from tests.support.command_line import voicelab
from tests.support.commands import wait_until
from tests.support.made_runs import summarize_turns
from tests.support.sample_sets import samples_folder, write_set
from tests.support.tones import tone
from voicelab.analysis.sweep import page, running, scoring
from voicelab.analysis.sweep.axes import axes_of, points_of
from voicelab.analysis.sweep.measures import MEASURES, threshold
from voicelab.analysis.sweep.plots import curves
from voicelab.analysis.sweep.spec import SweepFolder, SweepSpec
from voicelab.audio import codecs, decoding
from voicelab.audio.clip import Clip
from voicelab.conditions.condition import Condition
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.runs import runner
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.runs.sent_audio import RequestAudioSource, SetRecordings, heard_clip

BASE = RunSpec(
    samples=str(samples_folder()), asr="fake:text=news about apple", tts="fake", target="in-process", limit=4, draws=200
)
SETTLED = BASE.model_copy(update={"normalizer": "english", "language": "en"})
SPEC = SweepSpec(base=BASE, snr_db=(20.0, 0.0), noise=("babble",), loss_percent=(0.0, 30.0), mean_burst=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    told = []
    folder, result = running.sweep(
        SPEC,
        tmp_path_factory.mktemp("reports"),
        sweep_id="s",
        progress=lambda done, total, _: told.append((done, total)),
    )
    return folder, result, told


def test_axes_go_from_mild_to_severe_and_points_lie_on_one_axis_at_a_time():
    spec = SPEC.model_copy(update={
        "noise": ("white", "pink"), "snr_db": (0.0, 20.0, 10.0), "bitrate_kbps": (8.0, 32.0), "telephone": True,
        "gain_db": (-40.0, -20.0),
    })  # fmt: skip
    places = {axis.key: [point.place for point in axis.points] for axis in axes_of(spec)}
    assert places == {
        "snr-white": [20, 10, 0], "snr-pink": [20, 10, 0], "bitrate": [32, 8], "loss": [0, 30], "gain": [-20, -40],
        "telephone": [1],
    }  # fmt: skip
    points = points_of(spec)
    assert (points[0].name, points[0].condition) == ("clean", None)
    assert len({point.name for point in points}) == len(points) == 1 + 6 + 2 + 2 + 2 + 1


def test_a_grid_has_every_combination():
    points = points_of(SPEC.model_copy(update={"grid": True, "bitrate_kbps": (16.0, 8.0)}))
    found = {(one.condition.snr_db, one.condition.bitrate_kbps, one.condition.loss_percent) for one in points[1:]}
    assert found == {(snr, rate, loss) for snr in (20, 0) for rate in (16, 8) for loss in (0, 30)}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"snr_db": (), "loss_percent": ()}, "needs at least one of --snr"),
        ({"snr_db": (5.0, 5.0)}, "--snr: a value is named twice"),
        ({"loss_percent": (80.0,)}, "--loss: .*give at least"),
        ({"bitrate_kbps": (1.0,)}, r"--bitrate: bitrate_kbps 1.0: .*greater than or equal to 6"),
        ({"breakpoints": ("wer=90%",)}, "wer breaks over 100% of its clean value"),
        ({"breakpoints": ("entity_recall=1.2",)}, "a rate such as 0.9"),
        ({"breakpoints": ("recall=0.5",)}, "MEASURE is one of wer, cer, mer"),
        ({"base": BASE.model_copy(update={"target": "http://localhost:1"})}, "leave --url and --target out"),
    ],
)
def test_what_cannot_be_swept_says_why_and_leaves_nothing(tmp_path, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        running.sweep(SPEC.model_copy(update=changes), tmp_path, sweep_id="s")
    assert not list(tmp_path.iterdir())


def test_babble_of_a_set_with_one_speaker_is_refused_before_anything_runs(tmp_path):
    path = write_set(tmp_path)
    document = json.loads(path.read_text())
    document["samples"]["two"][0]["speaker"] = "x"
    path.write_text(json.dumps(document))
    spec = SPEC.model_copy(update={"base": BASE.model_copy(update={"samples": str(path), "limit": None})})
    with pytest.raises(InputError, match="babble for 'a' needs recordings of other speakers"):
        running.sweep(spec, tmp_path, sweep_id="s")
    assert not (tmp_path / "s").exists()


def test_every_condition_is_a_run_that_says_what_made_it(made):
    folder, result, told = made
    assert result == folder.read()
    assert (result.status, result.runs) == (
        "finished", ("clean", "babble-20dB", "babble-0dB", "opus-32_loss-0x3", "opus-32_loss-30x3"),
    )  # fmt: skip
    read = [folder.run(name).read() for name in result.runs]
    assert [run.spec.condition for run in read] == [point.condition for point in points_of(SPEC)]
    assert {run.spec.model_copy(update={"condition": None}) for run in read} == {SETTLED}
    assert told[0][0] == 0
    assert told[-1] == (sum(run.planned_turns for run in read),) * 2
    turns = [folder.run(name).turns() for name in result.runs]
    assert [sum(turn.cold for turn in one) for one in turns] == [1, 0, 0, 0, 0]
    assert {turn.sent for turn in turns[0]} == {None}
    lost = turns[-1]
    assert all(turn.sent.lost > 0 and turn.sent.kbps == pytest.approx(32, abs=0.5) for turn in lost)
    assert len({turn.sent.sha256 for one in turns[1:] for turn in one if turn.primary}) == 4 * len(
        [turn for turn in turns[0] if turn.primary]
    )


def test_what_was_sent_is_made_again_from_the_run_alone(made):
    folder, result, _ = made
    samples = load(samples_folder())
    for name in result.runs[1:]:
        run = folder.run(name)
        stimuli = RequestAudioSource(SetRecordings(samples), run.read().spec.condition)
        for turn in run.turns():
            assert stimuli.of(samples.sample(turn.sample_id)).sent == turn.sent


def test_a_condition_that_changes_nothing_is_the_recording_itself():
    sample = load(samples_folder()).samples[0]
    same = RequestAudioSource(SetRecordings(load(samples_folder())), Condition()).of(sample)
    assert decoding.decode(same.audio).to_pcm16() == heard_clip(sample).to_pcm16()


def with_heard(folder, name, heard):
    """Replace the transcripts of a run's turns."""
    run = folder.run(name)
    turns = [turn.model_copy(update={"heard": heard(turn)}) for turn in run.turns()]
    (run.path / "turns.jsonl").write_text("".join(turn.model_dump_json() + "\n" for turn in turns))


@pytest.fixture
def worded(made, tmp_path):
    """The sweep with given transcripts: clean is perfect, 20 dB loses no entity, 0 dB is empty, losses keep half."""
    import shutil

    folder = SweepFolder(tmp_path / "s")
    shutil.copytree(made[0].path, folder.path)
    with_heard(folder, "clean", lambda turn: f"{turn.text} {' '.join(turn.expected_entities)}")
    with_heard(folder, "babble-20dB", lambda turn: f"{turn.text} {' '.join(turn.expected_entities)}")
    with_heard(folder, "babble-0dB", lambda turn: "")
    return folder


def test_figures_are_those_of_the_runs_own_summaries(worded):
    figures = scoring.figures_of(SPEC, worded)
    for point in figures.points:
        run = worded.run(point.run)
        own = summarize_turns(run.read(), run.turns())
        assert point.measures["wer"].value == own.figures["wer"].value
        assert point.measures["entity_recall"].part == own.figures["entity_recall"].part
        assert point.measures["intent_accuracy"].value == own.figures["intent_accuracy"].value
        sure = own.figures["wer"].interval
        assert (point.measures["wer"].low, point.measures["wer"].high) == (sure.low, sure.high)
    clean, mild, severe = figures.points[:3]
    assert set(clean.measures) == set(MEASURES)
    change = mild.measures["wer"]
    assert change.change == 0
    assert change.change_low == pytest.approx(-change.change_high)
    assert change.change_high > 0.1, "so few samples do not show that nothing changes"
    assert severe.measures["entity_recall"].value == 0
    assert severe.measures["entity_recall"].change == -1
    assert clean.measures["wer"].change is None


def test_the_breakpoint_lies_on_the_line_between_two_conditions(worded):
    (babble, loss) = scoring.figures_of(SPEC, worded).breaks
    assert (babble.outcome, babble.at, babble.limit) == ("crossed", pytest.approx(18.0), pytest.approx(0.9))
    assert babble.sentence == ("entity recall, heard falls under 0.90 (90 % of clean) at 18 dB (SNR, babble)")
    assert loss.outcome == "before"
    assert "already at 0 %, the mildest condition" in loss.sentence


def test_a_sample_that_some_run_could_not_score_is_in_no_figure(worded):
    lost = worded.run("clean").turns()[0].sample_id
    with_heard(worded, "opus-32_loss-0x3", lambda turn: None if turn.sample_id == lost else turn.heard)
    for point in scoring.figures_of(SPEC, worded).points:
        assert (point.measures["wer"].n, point.measures["wer"].left_out) == (3, 1)


def test_a_sweep_that_is_taken_up_repeats_no_finished_turn(made, tmp_path):
    import shutil

    folder = SweepFolder(tmp_path / "s")
    shutil.copytree(made[0].path, folder.path)
    kept = {name: (folder.run(name).path / "turns.jsonl").read_text() for name in made[1].runs}
    half = folder.run("babble-0dB")
    lines = kept["babble-0dB"].splitlines(keepends=True)
    (half.path / "turns.jsonl").write_text("".join(lines[:2]) + '{"torn')
    half.write(half.read().model_copy(update={"status": "running", "finished_at": None}))
    shutil.rmtree(folder.run("opus-32_loss-30x3").path)
    folder.write(folder.read().model_copy(update={"status": "running", "figures": None, "finished_at": None}))
    _, result = running.resume(folder.path)
    assert result.status == "finished"
    for name in ("clean", "babble-20dB", "opus-32_loss-0x3"):
        assert (folder.run(name).path / "turns.jsonl").read_text() == kept[name]
        assert folder.run(name).read().resumed == 0
    assert (half.path / "turns.jsonl").read_text().startswith("".join(lines[:2]))
    assert half.read().resumed == 1
    for name in made[1].runs:
        assert [turn.key for turn in folder.run(name).turns()] == [turn.key for turn in made[0].run(name).turns()]
        before = [turn.sent for turn in made[0].run(name).turns()]
        assert [turn.sent for turn in folder.run(name).turns()] == before


def test_a_killed_sweep_goes_on(tmp_path):
    options = ["--snr", "20,10", "--limit", "5", "--asr", "fake", "--tts", "fake", "--out", str(tmp_path)]
    command = [sys.executable, "-c", "from voicelab.cli.main import app; app()", "sweep", *options, "--sweep-id", "s"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    second = tmp_path / "s" / "white-20dB" / "turns.jsonl"
    wait_until(lambda: second.exists() and second.read_bytes().count(b"\n") >= 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    folder = SweepFolder(tmp_path / "s")
    assert folder.read().status == "running"
    before = {path: path.read_bytes() for path in folder.path.glob("*/turns.jsonl")}
    assert len(before) < 3
    done = voicelab("sweep", "--resume", folder.path)
    assert done.exit_code == 0, done.output
    for path, data in before.items():
        assert path.read_bytes().startswith(data[: data.rfind(b"\n") + 1])
    for name in folder.read().runs:
        keys = [turn.key for turn in folder.run(name).turns()]
        assert len(keys) == len(set(keys)) == folder.run(name).read().planned_turns


def test_the_page_is_one_file_with_curves_breakpoints_points_and_players(worded):
    result = worded.read()
    worded.write(result.model_copy(update={"figures": scoring.figures_of(SPEC, worded)}))
    html = page.write(worded).read_text()
    assert "falls under 0.90 (90 % of clean) at 18 dB" in html
    assert html.count("data:image/svg+xml") == 4
    assert html.count("data:audio/ogg;base64") == 5
    assert "babble at 20 dB SNR" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert 'src="http' not in html
    picked = page.hearings(worded, worded.run("clean").turns()[1].sample_id)
    assert {one.turn.sample_id for one in picked} == {worded.run("clean").turns()[1].sample_id}
    with pytest.raises(InputError, match="sample 'nope' is not in it"):
        page.hearings(worded, "nope")


def test_a_curve_names_its_sweep_and_every_place(worded):
    figures = scoring.figures_of(SPEC, worded)
    drawn = curves("s", figures, figures.axes[0])
    (axes,) = drawn.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["clean", "20", "0"]
    assert drawn.get_supxlabel().startswith("sweep s · normalizer english")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "word error rate (WER)", "entity recall, heard", "intent accuracy",
    ]  # fmt: skip
    assert any("entity_recall=90%: 18 dB" in text.get_text() for text in axes.texts)


def test_the_report_of_a_disturbed_run_plays_what_was_sent_and_says_so(made, monkeypatch):
    monkeypatch.setattr("voicelab.report.page._pictures", lambda summary: [])  # plots are not tested here
    folder = made[0].run("babble-0dB")
    done = voicelab("report", folder.path)
    assert done.exit_code == 0, done.output
    html = (folder.path / "report.html").read_text()
    assert "The recordings were degraded: <strong>babble at 0 dB SNR</strong>" in html
    assert json.loads((folder.path / "summary.json").read_text())["condition"] == "babble at 0 dB SNR"
    assert "cannot be made again" not in html


def test_a_run_from_before_conditions_is_read(made, tmp_path):
    """run.json and turns.jsonl of an older version, without a condition and the sent audio."""
    folder = RunFolder(tmp_path)
    document = json.loads((made[0].run("clean").path / "run.json").read_text())
    document["spec"].pop("condition")
    (tmp_path / "run.json").write_text(json.dumps(document))
    line = json.loads((made[0].run("clean").path / "turns.jsonl").read_text().splitlines()[0])
    line.pop("sent")
    (tmp_path / "turns.jsonl").write_text(json.dumps(line) + "\n")
    assert (folder.read().spec.condition, folder.turns()[0].sent) == (None, None)


def test_a_recording_without_sound_is_one_record_under_noise(tmp_path):
    path = write_set(tmp_path)
    (tmp_path / "a.ogg").write_bytes(codecs.encode_wav(Clip.silence(0.5)))
    spec = BASE.model_copy(
        update={"samples": str(path), "limit": None, "condition": Condition(noise="white", snr_db=10)}
    )
    by_key = {turn.key: turn for turn in runner.evaluate(spec, tmp_path)[0].turns()}
    assert by_key["a"].failure.code == "bad_sample"
    assert "digital silence" in by_key["a"].failure.message
    assert by_key["s/2"].status == "answered"


def test_a_sample_that_cannot_have_a_condition_is_a_warning_and_a_broken_one_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_set(tmp_path)
    (tmp_path / "a.ogg").write_bytes(codecs.encode_wav(Clip.silence(0.5)))
    options = ["--snr", "10", "--samples", str(path), "--asr", "fake", "--tts", "fake"]
    done = voicelab("sweep", *options, "--sweep-id", "silent")
    assert done.exit_code == 0
    assert "not every condition can be applied to a, s/1: an SNR is undefined" in " ".join(done.output.split())
    assert "Left out: 1 sample that some run could not score" in " ".join(done.output.split())
    (tmp_path / "a.ogg").write_bytes(b"<html>no recording</html>")
    done = voicelab("sweep", *options, "--sweep-id", "broken")
    assert done.exit_code == 1
    assert "4 turns failed; the first, a: " in " ".join(done.output.split())


def test_of_many_samples_that_cannot_have_a_condition_the_warning_names_five(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "silent.wav").write_bytes(codecs.encode_wav(Clip.silence(0.5)))
    (tmp_path / "tone.wav").write_bytes(codecs.encode_wav(tone(0.5)))
    rows = [{"id": f"r{number}", "text": "hello", "audio": "silent.wav"} for number in range(8)]
    rows.append({"id": "r8", "text": "hello", "audio": "tone.wav"})
    (tmp_path / "set.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    done = voicelab("sweep", "--snr", "10,0", "--samples", "set.jsonl", "--asr", "fake", "--tts", "fake")
    assert done.exit_code == 0
    assert "can be applied to r0, r1, r2, r3, r4 and 3 more: an SNR" in " ".join(done.output.split())


def test_a_condition_that_no_sample_can_have_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_set(tmp_path)
    (tmp_path / "silent.wav").write_bytes(codecs.encode_wav(Clip.silence(0.5)))
    options = ["--snr", "10", "--noise", "silent.wav", "--samples", str(path), "--asr", "fake", "--tts", "fake"]
    done = voicelab("sweep", *options)
    assert done.exit_code == 1
    assert "turns failed; the first, a: an SNR is undefined here" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--snr", "20,ten"], "--snr 20,ten: 'ten' is not a number"),
        (["--snr", "20,"], "'' is not a number"),
        (["--snr", "5", "--noise", "brown"], "unknown kind 'brown'; known: white, pink, babble"),
        (["--noise", "pink", "--loss", "5"], "--noise has no effect without --snr"),
        (["--snr", "5", "--fec"], "--fec has no effect without --loss"),
        (["--snr", "5", "--grid", "--breakpoint", "wer=0.5"], "--grid has no axis"),
        (["--snr", "5", "--breakpoint", "entity_recall=120%"], "breaks under 100% of its clean value"),
        (["--loss", "100"], "--loss: loss_percent 100.0: Input should be less than 100"),
        ([], "needs at least one of"),
        (["--snr", "5", "--asr", "nope"], "unknown asr engine 'nope'"),
        (["--resume", "nowhere"], "give the folder of a sweep"),
        (["--resume", "nowhere", "--snr", "5"], "leave --snr out"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    done = voicelab("sweep", *arguments)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())
    assert not list(tmp_path.glob("reports/*"))


def test_a_threshold_is_absolute_or_a_share_of_the_clean_value():
    assert threshold("entity_recall=90%")[1].relative
    key, found = threshold("wer=0.3")
    assert (key, found.value, found.relative, found.falls) == ("wer", 0.3, False, False)
