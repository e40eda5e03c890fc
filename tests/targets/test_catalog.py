"""Parsing and validation of target specifications, and a user-defined target."""

from contextlib import asynccontextmanager

import pytest

from tests.support.made_runs import summarize_turns
from tests.support.sample_sets import samples_folder
from tests.support.sharp_speech import sharp_speech
from voicelab.audio.playback import SoundPiece
from voicelab.errors import InputError
from voicelab.runs import runner
from voicelab.runs.records import RunSpec
from voicelab.targets.base import Capabilities, TargetBase, TurnOutcome
from voicelab.targets.catalog import target_config


class Parrot(TargetBase):
    """Answers every turn immediately with a fixed text, and sends raw samples."""

    capabilities = Capabilities(reply_text=True)

    def __init__(self, *, says: str = "hello", times: int = 1) -> None:
        self.says, self.times = says, times

    @asynccontextmanager
    async def session(self, user_id, session_id=None, heard_before=()):
        yield ParrotSession(self, session_id or user_id)


class ParrotSession:
    def __init__(self, parrot: Parrot, session_id: str) -> None:
        self.parrot, self.session_id = parrot, session_id

    async def speak(self, utterance, mode="burst", interruption=None):
        clip = utterance.clip()
        return TurnOutcome(
            answer=self.parrot.says * self.parrot.times,
            reply_text_s=0.1,
            turn_s=0.3,
            t_end=clip.duration_s,
            sent=[SoundPiece(0.0, clip)],
            received=[SoundPiece(clip.duration_s + 0.2, sharp_speech(3))],
        )


class NoTarget:
    pass


OWN = f"{__name__}:Parrot"


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("server", "server", {}),
        ("in-process", "in-process", {}),
        ("http://localhost:8000", "voicelab", {"url": "http://localhost:8000"}),
        ("voicelab:url=https://ada:secret@host:1/", "voicelab", {"url": "https://host:1/"}),
        (OWN, OWN, {}),
        (f"{OWN}:says=hi,times=2", OWN, {"says": "hi", "times": 2}),
    ],
)
def test_a_written_target_is_its_name_and_its_options(text, name, options):
    config = target_config(text)
    assert (config.name, dict(config.options)) == (name, options)
    assert "secret" not in config.spec


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nope", "unknown target 'nope'"),
        ("localhost:8000", "give the server's address as http://host:port"),
        ("voicelab", "needs url="),
        ("voicelab:url=http://a,colour=red", "has no option 'colour'; its options: url"),
        ("voicelab:http://a", "write options as voicelab:option=value"),
        (f"{OWN}:times=many", "option times takes a value of type int, not 'many'"),
        ("no.such.module:Agent", "cannot be imported"),
        (f"{__name__}:Nothing", "has no attribute 'Nothing'"),
        (f"{__name__}:NoTarget", "is not a target"),
        ("voicelab:url=http://a/?api_key=sk-123", "would be stored in the run's record"),
        ("http://a/?token=sk-123", "would be stored in the run's record"),
    ],
)
def test_what_cannot_be_a_target_is_one_sentence_without_secrets(text, complaint):
    with pytest.raises(InputError, match=complaint) as error:
        target_config(text)
    assert "sk-123" not in str(error.value)


@pytest.mark.parametrize("mode", ["burst", "realtime"])
def test_an_object_is_measured_as_any_other_target(tmp_path, mode):
    spec = RunSpec(samples=str(samples_folder()), mode=mode, limit=2)
    folder, run = runner.evaluate(spec, tmp_path, run_id="r", target=Parrot(says="bye"))
    assert (run.status, run.engines) == ("finished", ())
    assert run.spec.target == f"object:{__name__}.Parrot"
    for turn in folder.turns():
        assert (turn.status, turn.heard, turn.answer) == ("answered", None, "bye")
        assert (folder.path / turn.reply_file).stat().st_size > 1000
        assert (folder.path / turn.recording_file).stat().st_size > 1000
        assert (turn.response_s is None) == (turn.response_missing is not None)
    if mode == "realtime":
        # The agent started 0.2 s after the end of the file, and the recordings end with silence.
        assert any(turn.response_s is not None and turn.response_s > 0.2 for turn in folder.turns())


def test_a_run_of_an_object_goes_on_with_that_object_only(tmp_path):
    spec = RunSpec(samples=str(samples_folder()), limit=1)
    folder, _ = runner.evaluate(spec, tmp_path, run_id="r", target=Parrot())
    (folder.path / "turns.jsonl").unlink()
    folder.write(folder.read().model_copy(update={"status": "interrupted"}))
    with pytest.raises(InputError, match=r"resume\(path, target=...\)"):
        runner.resume(folder.path)
    assert runner.resume(folder.path, target=Parrot())[1].status == "finished"


def test_engines_are_chosen_only_where_they_are_voicelabs_own(tmp_path):
    spec = RunSpec(samples=str(samples_folder()), target=OWN, limit=1)
    assert (spec.asr, spec.agent, spec.tts) == (None, None, None)
    with pytest.raises(InputError, match="--asr chooses an engine of voicelab"):
        runner.evaluate(spec.model_copy(update={"asr": "fake"}), tmp_path)


def test_what_a_target_does_not_send_is_said_and_never_counted_as_zero(tmp_path):
    spec = RunSpec(samples=str(samples_folder()), limit=2)
    folder, run = runner.evaluate(spec, tmp_path, target=Parrot())
    found = summarize_turns(run, folder.turns())
    assert run.signals == ("reply text",)
    assert found.warnings == (
        "word error rate, entity recall (heard): not available, because the target sends no transcript",
        "intent accuracy, companies linked: not available, because the target sends no entities",
        "entity commit time, flicker, word error rate over time: not available, because the target sends "
        "no partial transcripts",
    )
    assert found.figures["wer"].value is None
    assert found.figures["entity_f1"].value is None
    assert found.figures["intent_accuracy"].value is None
