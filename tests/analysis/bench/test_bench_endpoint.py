"""The endpointing benchmark: positions of pauses, counts of events, and messages for invalid options."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.support.command_line import voicelab
from tests.support.voices import trimmed
from voicelab.analysis.bench.endpoint import Halves, by_pause, figures, halves, plot
from voicelab.analysis.bench.pauses import PausedClip, PausePlan, paused
from voicelab.analysis.bench.replay import ClassifiedRecording, EndpointMethod, classified, outcome
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.vad.base import FRAME
from voicelab.vad.energy import Energy
from voicelab.vad.turn_end.silence import Silence
from voicelab.vad.turn_end.words import Words

PLAN = PausePlan(shortest_s=0.45, longest_s=0.6)
SAMPLE = load(shipped("voice_samples")).sample("price_ba")


@pytest.fixture(scope="module")
def variants():
    return paused(SAMPLE, PLAN, range(2), asr="pocketsphinx")


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
    (again,) = paused(SAMPLE, PLAN, [1], asr="pocketsphinx")
    assert np.array_equal(again.clip.samples, variants[1].clip.samples)
    assert again.heard == variants[1].heard


def test_what_is_heard_on_the_way_grows_to_the_whole(variants):
    for one in variants:
        assert "please" in one.heard[-1][1]
        assert one.heard[0][0] == FRAME
        assert len(one.heard[0][1]) < len(one.heard[-1][1])


def test_pauses_are_where_the_clip_says(variants):
    for one in variants:
        (start,) = one.pause_starts
        pause = one.clip.between(start / SPEECH_RATE_HZ + 0.01, start / SPEECH_RATE_HZ + one.pauses_s[0] - 0.01)
        assert pause.level_dbfs == pytest.approx(-55, abs=2)


def test_pauses_shorter_than_the_silence_cut_nothing_and_longer_ones_do(variants):
    clips = tuple(classified(Energy(), variants))
    found = figures(EndpointMethod("silence", Silence()), Halves(clips, clips, held_out=False), [0.2, 1.0], lag_s=0.1)
    short, long = found.curve
    assert (short.cut, long.cut, long.missed) == (2, 0, 0)
    assert long.delay_p50_s == pytest.approx(1.0, abs=0.1)
    assert long.cut_interval is None  # one speaker
    assert [at.point for at in found.at_shares] == [long, long]
    assert plot([found]).axes[0].get_lines()


def test_cuts_are_counted_by_how_soon_after_the_pause_begins_they_come():
    start, end = 40 * FRAME, 76 * FRAME
    clip = PausedClip(SAMPLE, Clip.silence(4.0), end, (16 * FRAME / SPEECH_RATE_HZ,), (start,), ())
    one = ClassifiedRecording(clip, [1.0] * 40 + [0.0] * 16 + [1.0] * 20 + [0.0] * 60)
    for silence_s, after_s, counts in ((0.2, 0.224, {(0.3, 1), (0.6, 1)}), (0.4, 0.416, {(0.3, 0), (0.6, 1)})):
        found = outcome(one, EndpointMethod("silence", Silence()), silence_s, 0.1)
        assert found.cut
        assert found.cut_after_s == (pytest.approx(after_s),)
        assert {(cuts.within_s, cuts.cut) for cuts in by_pause([found])} == counts


def test_no_speaker_is_in_both_halves(variants):
    (one, other) = classified(Energy(), variants)
    other = replace(other, paused=replace(other.paused, sample=replace(other.paused.sample, speaker="somebody")))
    split = halves([one, other], ["somebody"])
    assert (split.tune, split.report, split.held_out) == ((other,), (one,), True)
    assert not halves([one, other], ["nobody"]).held_out


def test_a_recording_in_which_nothing_was_decided_is_missed_and_has_no_delay():
    silent = PausedClip(SAMPLE, Clip.silence(1.0), SPEECH_RATE_HZ // 2, (), (), ())
    found = outcome(
        ClassifiedRecording(silent, [0.0] * (SPEECH_RATE_HZ // FRAME)), EndpointMethod("words", Words()), 0.5, 0.1
    )
    assert (found.cut, found.delay_s, found.cut_after_s) == (False, None, ())


def test_the_commands(tmp_path):
    options = ["--limit", "1", "--variants", "1", "--detector", "energy", "--asr", "pocketsphinx"]
    options += ["--turn-end", "words", "--turn-end", "prosody", "--silence-s", "0.5", "--silence-s", "0.9"]
    plot = tmp_path / "curve.png"
    done = voicelab("bench", "endpoint", *options, "--json", "--plot", plot)
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert [one["name"] for one in printed["turn_ends"]] == ["words", "prosody"]
    assert [point["silence_s"] for point in printed["turn_ends"][0]["curve"]] == [0.5, 0.9]
    assert not printed["options"]["held_out"]
    assert printed["options"]["pauses"] == 1
    assert plot.read_bytes().startswith(b"\x89PNG")
    costs = ["bench", "vad", "--detector", "energy", "--detector", "silero", "--streams", "2", "--seconds", "0.2"]
    done = voicelab(*costs, "--rounds", "1")
    assert done.exit_code == 0, done.output
    assert "2 streams, pieces of 20 ms" in done.output
    done = voicelab(*costs, "--rounds", "1", "--json")
    assert json.loads(done.stdout)["silero"]["single_ms"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["endpoint", "--detector", "nope"], "unknown vad engine 'nope'"),
        (["endpoint", "--shortest-pause-s", "0.9"], "must not be more than --longest-pause-s"),
        (["endpoint", "--plot", "no/such/folder/x.png"], "create the folder no/such/folder first"),
        (["endpoint", "--silence-s", "100"], "silence_s must be 0 to 60, not 100"),
        (["endpoint", "--turn-end", "words:complete_factor=-1"], "complete_factor must be 0 to 60"),
        (["endpoint", "--turn-end", "nope"], "unknown turn_end engine 'nope'"),
        (["vad", "--piece-s", "9"], "--piece-s must not be more than --seconds"),
    ],
)
def test_wrong_options_are_named(options, message):
    done = voicelab("bench", *options)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
