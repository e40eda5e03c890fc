"""The bench of endpointing: pauses go where it says, the counts are those of the events, wrong options are named."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.support.voices import trimmed
from voicelab.analysis.bench.endpoint import Judged, curve, judged
from voicelab.analysis.bench.endpoint_plot import figure
from voicelab.analysis.bench.pauses import PausedClip, PausePlan, paused
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.cli.main import app
from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.vad.base import FRAME
from voicelab.vad.endpoint import EndpointSettings
from voicelab.vad.energy import Energy

SAMPLE = load(shipped("voice_samples")).sample("price_ba")


@pytest.fixture(scope="module")
def variants():
    return paused(SAMPLE, PausePlan(shortest_s=0.45, longest_s=0.6), range(2))


def test_a_paused_recording_is_as_much_longer_as_its_pauses(variants):
    spoken_s = trimmed(SAMPLE.clip().at_rate(SPEECH_RATE_HZ), -60).duration_s
    for one in variants:
        assert len(one.pauses_s) == 1
        assert 0.45 <= one.pauses_s[0] <= 0.6
        assert one.end / SPEECH_RATE_HZ == pytest.approx(0.5 + spoken_s + one.pauses_s[0], abs=0.1)
        assert one.clip.duration_s == pytest.approx(one.end / SPEECH_RATE_HZ + 3.0)
        assert one.clip.between(0, 0.4).level_dbfs == pytest.approx(-55, abs=2)
    assert variants[0].pauses_s != variants[1].pauses_s


def test_the_same_seed_gives_the_same_sound_and_words(variants):
    (again,) = paused(SAMPLE, PausePlan(shortest_s=0.45, longest_s=0.6), [1])
    assert np.array_equal(again.clip.samples, variants[1].clip.samples)
    assert again.heard == variants[1].heard


def test_what_is_heard_on_the_way_grows_to_the_whole(variants):
    for one in variants:
        assert "please" in one.heard[-1][1]
        assert one.heard[0][0] == 1600
        assert len(one.heard[0][1]) < len(one.heard[-1][1])


def test_pauses_shorter_than_the_silence_cut_nothing_and_longer_ones_do(variants):
    engine = Energy()
    points = curve(engine, list(judged(engine, variants)), [0.2, 1.0], EndpointSettings(), lag_s=0.1, seed=0)
    found = {(point.words, point.settings.silence_s): point for point in points}
    assert found[False, 0.2].cut == 2
    assert found[False, 1.0].cut == 0
    assert found[False, 1.0].delay_p50_s == pytest.approx(1.0, abs=0.1)
    assert found[False, 1.0].missed == 0
    assert found[False, 1.0].cut_interval is None  # one speaker
    assert figure(points, 1.0).axes[0].get_lines()


def test_a_recording_in_which_nothing_was_decided_is_missed_and_has_no_delay():
    silent = PausedClip(SAMPLE, Clip.silence(1.0), SPEECH_RATE_HZ // 2, (), ())
    engine = Energy()
    nothing = Judged(silent, [0.0] * (SPEECH_RATE_HZ // FRAME))
    (point, _) = curve(engine, [nothing], [0.5], EndpointSettings(), lag_s=0.1, seed=0)
    assert (point.cut, point.missed, point.delay_p50_s, point.delay_p95_s) == (0, 1, None, None)


def test_the_commands(tmp_path):
    options = ["--limit", "1", "--variants", "1", "--detector", "energy", "--silence-s", "0.5", "--silence-s", "0.9"]
    plot = tmp_path / "curve.png"
    done = CliRunner().invoke(app, ["bench", "endpoint", *options, "--json", "--plot", str(plot)])
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert [point["settings"]["silence_s"] for point in printed["points"]] == [0.5, 0.9] * 2
    assert printed["options"]["pauses"] == 1
    assert plot.read_bytes().startswith(b"\x89PNG")
    costs = ["bench", "vad", "--detector", "energy", "--detector", "silero", "--streams", "2", "--seconds", "0.2"]
    done = CliRunner().invoke(app, [*costs, "--rounds", "1"])
    assert done.exit_code == 0, done.output
    assert "2 streams, pieces of 20 ms" in done.output
    done = CliRunner().invoke(app, [*costs, "--rounds", "1", "--json"])
    assert json.loads(done.stdout)["silero"]["single_ms"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["endpoint", "--detector", "nope"], "unknown vad engine 'nope'"),
        (["endpoint", "--shortest-pause-s", "0.9"], "must not be more than --longest-pause-s"),
        (["endpoint", "--plot", "no/such/folder/x.png"], "create the folder no/such/folder first"),
        (["endpoint", "--silence-s", "100"], "silence_s must be 0 to 60, not 100"),
        (["endpoint", "--complete-factor", "-1"], "complete_factor must be 0 to 60"),
        (["vad", "--piece-s", "9"], "--piece-s must not be more than --seconds"),
    ],
)
def test_wrong_options_are_named(options, message):
    done = CliRunner().invoke(app, ["bench", *options])
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
