"""The waveforms of a conversation: positions of marks, and the text next to them."""

import numpy as np
import pytest

from tests.support.made_runs import answered, made_run
from voicelab.audio import decoding
from voicelab.audio.decoding import decode_stereo
from voicelab.audio.stereo import encode_flac, encode_opus
from voicelab.report import page
from voicelab.report.lanes import WIDTH, waveform
from voicelab.report.templating import environment
from voicelab.report.views import view_turns
from voicelab.runs.records import RunFolder
from voicelab.runs.turn_content import SpokenOver
from voicelab.scoring.summary import scores_of

RATE_HZ = 24_000


def tone(from_s, to_s, duration_s):
    at_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    sounding = (at_s >= from_s) & (at_s < to_s)
    return (0.3 * np.sin(2 * np.pi * 300 * at_s) * sounding).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """Four seconds: the caller until 1 s, the agent from 2 s to 3 s."""
    made = RunFolder(tmp_path / "made")
    made.create()
    made.write(made_run())
    name = made.save_recording("a", encode_flac(tone(0, 1, 4), tone(2, 3, 4), RATE_HZ))
    made.append(
        answered("a", recording_file=name, response_s=1.0, speech_end_s=1.0, reply_start_s=2.0, first_audio_s=0.7)
    )
    return made


def lanes_of(folder, **changes):
    turns = [turn.model_copy(update=changes) for turn in folder.turns()]
    (card,) = view_turns(folder, scores_of(folder.read(), turns), None)
    return card.lanes


def rendered(lanes):
    """The waveforms and the times beside them, as in a report."""
    template = environment().from_string('{% import "macros.html" as show %}{{ show.lanes(lanes) }}')
    return template.render(lanes=lanes)


def columns(path):
    return [int(part.split(" ")[0]) for part in path.split("M")[1:]]


def test_each_lane_is_drawn_where_its_channel_sounds(folder):
    lanes = lanes_of(folder)
    caller, agent = columns(lanes.caller), columns(lanes.agent)
    assert (min(caller), max(caller)) == (0, WIDTH // 4 - 1)
    assert (min(agent), max(agent)) == (WIDTH // 2, 3 * WIDTH // 4 - 1)
    assert [(percent, kind) for percent, kind, _ in lanes.marks] == [(25.0, "end"), (50.0, "start")]
    assert [(gap.left, gap.width, gap.early) for gap in lanes.gaps] == [(25.0, 25.0, False)]


def test_the_stereo_sound_is_both_channels(folder):
    sound = encode_opus(tone(0, 1, 4), tone(2, 3, 4), RATE_HZ, 48_000)
    assert decoding.media_type(sound) == "audio/ogg"
    left, right, rate_hz = decode_stereo(sound)
    for channel, span in ((left, (0.1, 0.9)), (right, (2.1, 2.9))):
        at_s = np.arange(len(channel)) / rate_hz
        inside = (at_s > span[0]) & (at_s < span[1])
        assert np.abs(channel[inside]).max() > 0.2
    assert np.abs(left[int(2.2 * rate_hz) : int(2.8 * rate_hz)]).max() < 0.05


def test_an_early_answer_and_a_missing_time_are_named(folder):
    early = lanes_of(folder, response_s=-0.5, reply_start_s=0.5)
    assert early.gaps[0].early
    assert (early.gaps[0].left, early.gaps[0].width) == (12.5, 12.5)
    assert "response as heard <strong>-0.50 s (early)</strong>" in rendered(early)
    unknown = lanes_of(folder, response_s=None, reply_start_s=None, response_missing="agent: neither detector")
    assert unknown.gaps == ()
    assert "reply starts at –; agent: neither detector</small>" in rendered(unknown)


def test_what_was_said_over_the_reply_is_marked_where_it_began_and_where_the_agent_stopped(folder):
    over = SpokenOver(kind="interruption", after_s=0.4, starts_s=2.4, agent_stops_s=0.6)
    lanes = lanes_of(folder, over_reply=over)
    assert [(percent, kind) for percent, kind, _ in lanes.marks][2:] == [(60.0, "over"), (75.0, "stop")]
    assert "; interruption over the reply at 2.40 s: agent stops after 0.60 s</small>" in rendered(lanes)
    silent = SpokenOver(kind="vocal_tic", after_s=0.4, starts_s=2.4, missing="the agent was silent")
    assert "; vocal tic over the reply: the agent was silent</small>" in rendered(lanes_of(folder, over_reply=silent))


def test_a_recording_that_is_gone_or_damaged_is_named(folder):
    file = folder.path / folder.turns()[0].recording_file
    file.write_bytes(b"fLaC damaged")
    assert "cannot be read" in lanes_of(folder).sound.note
    file.unlink()
    assert "is not in the run's folder" in lanes_of(folder).sound.note
    assert lanes_of(folder, recording_file=None) is None


def test_silence_is_an_empty_lane():
    assert waveform(np.zeros(1000, np.float32)) == ""
    assert waveform(np.zeros(0, np.float32)) == ""


def test_the_page_shows_both_times(folder, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda summary: [])
    text = " ".join(page.write(folder).read_text().split())
    assert "response as heard <strong>1.00 s</strong>, target’s own first sound 0.70 s" in text
    assert text.count('<div class="lane ') == 2
