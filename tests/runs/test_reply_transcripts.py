"""A reply without text is transcribed by a recognizer of voicelab, and marked."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from tests.support.made_runs import FORMS, answered
from tests.support.tones import tone
from voicelab.errors import InputError
from voicelab.paths import shipped
from voicelab.runs.records import RunSpec
from voicelab.runs.runner import evaluate
from voicelab.scoring.turns import score_turns
from voicelab.targets.base import Capabilities, SoundPiece, TargetBase, TurnOutcome
from voicelab.text import normalizer


class Mute(TargetBase):
    """Sends audio, and text only if it is given one."""

    capabilities = Capabilities(end_of_reply=True)

    def __init__(self, answer=None):
        self.answer = answer

    @asynccontextmanager
    async def session(self, user_id, session_id=None, heard_before=()):
        yield self

    session_id = "mute"

    async def speak(self, utterance, mode="burst", interruption=None):
        sent = [SoundPiece(0.0, utterance.clip())]
        return TurnOutcome(answer=self.answer, t_end=1.0, sent=sent, received=[SoundPiece(1.5, tone(0.5))])


def run(tmp_path, reply_asr, target=None):
    spec = RunSpec(samples=str(shipped("voice_samples")), limit=2, reply_asr=reply_asr)
    folder, run = evaluate(spec, tmp_path, run_id="r", target=target or Mute())
    return folder.turns(), run


def test_the_reply_gets_the_text_of_the_recognizer_and_its_name(tmp_path):
    turns, found = run(tmp_path, "fake:text=added Nvidia")
    assert [(turn.answer, turn.answer_by) for turn in turns] == 2 * [("added Nvidia", "fake:text=added Nvidia")]
    assert found.status == "finished"
    assert "fake:text=added Nvidia transcribed the audio of 2 replies" in found.notices[-1]


def test_a_transcribed_reply_counts_as_an_answer_and_claims_no_entities():
    own = answered("a", answer="about Apple", expected_entities=("Apple",))
    transcribed = own.model_copy(update={"answer_by": "moonshine"})
    first, second = score_turns([own, transcribed], normalizer("english"), FORMS)
    assert first.answered == second.answered
    assert (first.agent is None, second.agent is None) == (False, True)


def test_none_leaves_the_reply_without_text(tmp_path):
    turns, found = run(tmp_path, "none")
    assert [(turn.answer, turn.answer_by) for turn in turns] == 2 * [(None, None)]
    assert found.spec.reply_asr is None


def test_a_text_of_the_target_is_kept(tmp_path):
    turns, _ = run(tmp_path, "fake:text=other", Mute("mine"))
    assert [(turn.answer, turn.answer_by) for turn in turns] == 2 * [("mine", None)]


def test_an_unknown_recognizer_is_refused_before_the_run(tmp_path):
    with pytest.raises(InputError, match="nobody"):
        run(tmp_path, "nobody")
    assert not list(tmp_path.iterdir())
