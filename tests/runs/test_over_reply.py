"""A sample may have something to say over the reply: the run says it, and records what the agent did."""

import json
from functools import partial

import pytest

from tests.support.in_a_thread import in_a_thread
from tests.support.made_runs import made_run
from tests.support.scripted_agent import FixedPhone
from tests.support.sharp_speech import recording, sharp_speech
from voicelab.audio.clip import Clip
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.runs import over_reply, runner
from voicelab.runs.conversation_recording import IN_A_BURST
from voicelab.runs.provenance import samples_sha256
from voicelab.runs.records import RunSpec
from voicelab.scoring.summary import summarize
from voicelab.targets.streaming import target as stream_target
from voicelab.targets.streaming.turn import TurnLimits


def written(folder, **over):
    """A set of one sample whose reply is spoken over."""
    for name, longest_s in (("ask.wav", 0.5), ("stop.wav", 0.4)):
        (folder / name).write_bytes(recording(sharp_speech(longest_s=longest_s), leading_s=0.1))
    row = {"id": "a", "audio_path": "ask.wav", "text": "one two", "over_reply": {"audio_path": "stop.wav", **over}}
    (folder / "voice_samples.json").write_text(json.dumps({"samples": {"some": [row]}}))
    return load(folder)


def test_an_interruption_is_spoken_and_the_agent_that_stops_has_yielded(tmp_path, monkeypatch):
    monkeypatch.setattr(stream_target, "TurnLimits", partial(TurnLimits, end_wait_s=0.3))
    written(tmp_path, after_s=0.5)
    reply = Clip.join([sharp_speech(3)] * 2)
    with in_a_thread(FixedPhone(reply, delay_s=0.2).serving()) as port:
        spec = RunSpec(
            samples=str(tmp_path), target=f"twilio:url=ws://127.0.0.1:{port},quiet_s=0.3", mode="realtime",
            reply_asr=None,
        )  # fmt: skip
        folder, _ = runner.evaluate(spec, tmp_path, run_id="r")
    (turn,) = folder.turns()
    over = turn.over_reply
    assert (over.kind, over.by_itself, over.missing) == ("interruption", False, None)
    assert over.starts_s > turn.reply_start_s + 0.4
    # The phone agent stops when it hears the first sound.
    assert over.agent_stops_s < 0.4
    figures = summarize(folder.path).figures
    assert (figures["yield_rate"].part, figures["yield_rate"].of) == (1, 1)
    assert figures["selectivity"].value is None


@pytest.mark.parametrize(
    ("mode", "signals", "why"),
    [
        ("burst", ("interruption", "turn detection"), IN_A_BURST),
        ("realtime", ("caller transcript",), over_reply.NOT_POSSIBLE),
        ("realtime", ("interruption",), over_reply.NOT_POSSIBLE),
        ("realtime", ("interruption", "turn detection"), over_reply.REPLY_OVER),
    ],
)
def test_where_nothing_was_said_the_record_says_why(tmp_path, mode, signals, why):
    (sample,) = written(tmp_path, kind="backchannel")
    run = made_run(signals=signals)
    run = run.model_copy(update={"spec": run.spec.model_copy(update={"mode": mode})})
    found = over_reply.spoken_over(sample, run, None)
    assert (found.kind, found.agent_stops_s, found.missing) == ("backchannel", None, why)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"kind": "shout"}, "has the kind 'shout'; it may be interruption, backchannel, vocal_tic, non_directed"),
        ({"after_s": -1}, "over_reply: field 'after_s'"),
        ({"audio_path": "gone.wav"}, "over_reply: field 'audio_path' names a file that does not exist"),
        ({"when": 1}, "must be like"),
    ],
)
def test_a_field_that_cannot_be_names_itself(tmp_path, over, says):
    with pytest.raises(InputError, match=says):
        written(tmp_path, **over)


def test_it_is_saved_and_part_of_the_sets_digest(tmp_path):
    found = written(tmp_path, kind="vocal_tic", after_s=0.3)
    saved = load(found.save(tmp_path / "copy"))
    assert (saved.samples[0].over_reply.kind, saved.samples[0].over_reply.after_s) == ("vocal_tic", 0.3)
    assert saved.samples[0].over_reply.audio_path.samefile(tmp_path / "stop.wav")
    assert samples_sha256(saved) == samples_sha256(found)
    assert samples_sha256(written(tmp_path, kind="vocal_tic", after_s=0.4)) != samples_sha256(found)


def test_a_table_has_it_as_json_in_a_cell(tmp_path):
    written(tmp_path)
    over = json.dumps({"audio_path": "stop.wav", "kind": "backchannel"})
    row = {"id": "a", "audio_filepath": "ask.wav", "text": "one", "over_reply": over}
    (tmp_path / "set.jsonl").write_text(json.dumps(row))
    (sample,) = load(tmp_path / "set.jsonl")
    assert (sample.over_reply.kind, sample.over_reply.after_s) == ("backchannel", 1.0)
