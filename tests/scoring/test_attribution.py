"""Attribution: every loss has exactly one stage, the one that caused it, so the stages add up."""

import doctest
import json
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.command_line import voicelab
from tests.support.made_runs import answered, keep_run, made_run
from tests.support.sample_sets import samples_folder
from tests.support.turns import turn
from voicelab.agent.finance.rules import RulesAgent
from voicelab.errors import InputError
from voicelab.figures import time_shares
from voicelab.figures.table import FIGURES
from voicelab.metrics.attribution import STAGES, LossCounts, action_lost_at, entity_lost_at
from voicelab.report import page
from voicelab.runs import runner
from voicelab.runs.records import RunSpec
from voicelab.runs.turn_content import TurnFailure
from voicelab.scoring import counterfactual, counterfactual_file, summary_file
from voicelab.scoring.attribution import attributed, attribution
from voicelab.scoring.measuring import measure_all
from voicelab.scoring.turns import score_turns
from voicelab.text import normalizer

FORMS = {"AAPL": ("Apple", "Apple Inc."), "TSLA": ("Tesla",)}
BOOL = st.booleans()


@given(st.lists(st.sampled_from([None, *STAGES])))
def test_every_loss_belongs_to_one_stage(stages):
    counts = LossCounts.of(stages)
    assert counts == LossCounts.of(reversed(stages))
    assert counts.expected == len(stages)
    assert counts.lost == counts.asr + counts.agent + counts.tts == sum(one is not None for one in stages)


@given(BOOL, BOOL, st.sampled_from([None, False, True]))
def test_an_entity_is_lost_where_it_goes_missing_first(with_reference, named, spoken):
    stage = entity_lost_at(with_reference=with_reference, answered=named, spoken=spoken)
    assert (stage is None) is (named and spoken is not False)
    if not named:
        assert stage == ("asr" if with_reference else "agent")


@pytest.mark.parametrize(
    ("reference_right", "same", "right", "delivered"), list(product([True, False], repeat=4))
)  # fmt: skip
def test_an_action_is_lost_at_one_stage(reference_right, same, right, delivered):
    stage = action_lost_at(reference_right=reference_right, same=same, right=right, delivered=delivered)
    done = same if reference_right else right
    assert (stage is None) is (done and delivered)
    if reference_right and not same:
        assert stage == "asr"
    if not reference_right and not right:
        assert stage == "agent"


@pytest.fixture(scope="module")
def agent():
    made = RulesAgent()
    made.load()
    return made


def spoken_turn(agent, key, text, heard, expected=("AAPL", "Apple"), **changes):
    """A recorded turn, with the agent's answer after the given earlier turns."""
    fields = {"expected_entities": expected, "text": text, "heard": heard} | changes
    return turn(key, text, heard).model_copy(update=fields)


def with_answers(turns, agent):
    """The turns, answered as the run's agent would have."""
    found = {one.key: one.transcript for one in counterfactual.tool_equivalence(turns, agent)}
    return [
        one.model_copy(update={"answer": found[one.key].answer, "intent": found[one.key].intent})
        if found.get(one.key) is not None
        else one
        for one in turns
    ]


PRICE, WRONG = "What is the price of Apple?", "what is the price of tesla"


@pytest.fixture(scope="module")
def turns(agent):
    made = [
        spoken_turn(agent, "right", PRICE, "what is the price of apple"),
        spoken_turn(agent, "misheard", PRICE, WRONG),
        spoken_turn(agent, "unknown", "What about Zorblax stocks?", "what about zorblax stocks", ("Zorblax",)),
        spoken_turn(agent, "wanted", PRICE, "what is the price of apple", expected_intent="small_talk"),
        spoken_turn(agent, "silent", PRICE, ""),
        spoken_turn(agent, "s1", "News about Apple", "news about tesla", scenario_id="s"),
        spoken_turn(agent, "s2", "What is its price?", "what is its price", scenario_id="s", turn_number=2),
        spoken_turn(agent, "broken", PRICE, None),
    ]
    return with_answers(made, agent)


@pytest.fixture(scope="module")
def kept(turns, agent):
    return counterfactual_file.Counterfactual(run_id="r", turns=tuple(counterfactual.tool_equivalence(turns, agent)))


def test_each_stage_is_blamed_for_its_own(turns, kept):
    by_turn = attributed(score_turns(turns, normalizer("english"), FORMS), kept, FORMS).losses
    found = {key: [(loss.what, loss.stage, loss.earlier) for loss in losses] for key, losses in by_turn.items()}
    assert found["right"] == []
    assert found["misheard"] == [("entity", "asr", False), ("action", "asr", False)]
    assert found["unknown"] == [("entity", "agent", False)]
    assert found["wanted"] == [("action", "agent", False)]
    assert found["silent"] == [("entity", "asr", False), ("action", "asr", False)]
    # `its` was recognized correctly, but the company that it refers to was not, in the previous turn.
    assert found["s2"] == [("entity", "asr", True), ("action", "asr", True)]


def losses_of(turns, kept):
    """The attribution of turns, and all of their figures."""
    found = attributed(score_turns(turns, normalizer("english"), FORMS), kept, FORMS)
    return attribution(found, kept), measure_all(FIGURES.values(), found.scores)


def test_the_stages_sum_to_what_was_lost(turns, kept):
    found, figures = losses_of(turns, kept)
    assert (found.n, found.not_scored, found.unlike) == (7, 1, 0)
    for name, what in (("entities_lost", "entity"), ("actions_lost", "action")):
        lost = figures[name].part
        assert lost == sum(figures[f"{name}_{stage}"].part for stage in STAGES)
        assert lost == sum(one.what == what for one in found.losses)
        assert lost > 2
    assert (figures["entities_lost_tts"].value, figures["entities_lost_tts"].n) == (None, 0)


def test_what_the_voice_swallows_is_its_loss(turns, kept):
    heard = tuple(
        one.model_copy(update={"spoken": "apple a a p l" if one.key == "right" else "mumble"}) for one in kept.turns
    )
    listened = kept.model_copy(update={"turns": heard, "listener": "ear", "own_ear": True})
    found, figures = losses_of(turns, listened)
    assert [(one.key, one.note) for one in found.losses if one.stage == "tts"] == [
        ("wanted", "the reply's audio was transcribed as “mumble”")
    ]
    assert figures["entities_lost"].part == sum(figures[f"entities_lost_{stage}"].part for stage in STAGES)
    # The recognizer's errors in the requests: Apple as Tesla, in silence, and in the scenario's first turn.
    assert (figures["listener_misses"].part, figures["listener_misses"].of) == (3, 6)


def test_a_reply_that_never_came_is_an_action_lost_by_the_voice(turns, kept):
    failure = TurnFailure(code="engine_failed", message="espeak: it broke")
    broken = [one.model_copy(update={"status": "failed", "failure": failure}) for one in turns if one.key == "right"]
    (loss,) = attributed(score_turns(broken, normalizer("english"), FORMS), kept, FORMS).losses["right"]
    assert (loss.what, loss.stage, loss.note) == ("action", "tts", "espeak: it broke")


def test_the_shares_of_the_time_sum_to_one():
    timed = [answered("a"), answered("b", turn_s=0.9), answered("cold", turn_s=60.0, cold=True)]
    _, figures = losses_of(timed, None)
    time = {name: figures[f"time_share_{name}"] for name in time_shares.GROUPS}
    assert sum(one.value for one in time.values()) == pytest.approx(1)
    assert time["asr"].value == pytest.approx(2 * 0.21 / 1.4)
    assert time["asr"].interval.low <= time["asr"].value <= time["asr"].interval.high
    assert time["asr"].n == 2


def test_a_turn_that_was_taken_anew_has_no_replay(turns, kept):
    again = [turns[0].model_copy(update={"heard": "something else"})]
    assert kept.of(again) == {}


@pytest.fixture
def run(tmp_path, turns, agent):
    spec = RunSpec(samples="s", draws=100)
    return keep_run(
        tmp_path / "r", made_run(run_id="r", spec=spec, planned_turns=len(turns), engines=(agent.load(),)), turns
    )


def attribute(*arguments):
    return voicelab("attribute", *arguments)


def test_the_command_and_the_page(run, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    done = attribute(run.path)
    assert done.exit_code == 0, done.output
    assert "misheard: recognizer (ASR): entity AAPL" in done.output
    assert "s2: recognizer (ASR), in an earlier turn: entity AAPL" in done.output
    assert "unknown: agent: entity Zorblax" in done.output
    text = (run.path / "report.html").read_text()
    assert "Causes of failures" in text
    assert "not listened to" in text
    found = json.loads(attribute(run.path, "--json").stdout)
    summary = json.loads((run.path / "summary.json").read_text())
    figures = found.pop("figures")
    assert found == summary["attribution"]
    assert figures["entities_lost_asr"] == summary["figures"]["entities_lost_asr"]


def test_a_replay_is_made_once_and_anew_when_turns_were_added(run, turns, monkeypatch):
    made = counterfactual.keep(run)
    monkeypatch.setattr(counterfactual, "tool_equivalence", lambda *_: pytest.fail("it was whole already"))
    assert counterfactual.keep(run) == made
    monkeypatch.undo()
    run.append(turns[0].model_copy(update={"key": "more"}))
    assert len(counterfactual.keep(run).turns) == len(made.turns) + 1


def test_an_agent_that_is_not_here_is_said_to_be_and_loses_no_run(run, monkeypatch):
    """A run over --url may have had an agent of another revision, or one that is not in the table."""
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    whole = run.read()
    used = replace(whole.engines[0], revision="rapidfuzz 1.0")
    run.write(whole.model_copy(update={"engines": (used,)}))
    assert "was rules of rapidfuzz 1.0" in counterfactual.keep(run).absent
    page.write(run)
    found = summary_file.read(run.path / "summary.json")
    assert found.figures["action_changes"].value is None
    assert "rapidfuzz 1.0" in found.figures["action_changes"].missing
    refused = attribute(run.path)
    assert refused.exit_code == 2
    run.write(whole.model_copy(update={"engines": (replace(used, name="klingon"),)}))
    assert "unknown agent engine 'klingon'" in counterfactual.keep(run).absent
    run.write(whole.model_copy(update={"engines": (used,)}))
    assert attribute(run.path, "--any-revision").exit_code == 0
    assert counterfactual.keep(run).absent is None


def test_the_kept_replies_are_heard_again(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    spec = RunSpec(samples=str(samples_folder()), asr="fake", agent="rules", tts="fake", target="in-process", limit=2)
    folder, run = runner.evaluate(spec, tmp_path, run_id="heard")
    done = attribute(folder.path, "--listen", "fake:text=all of apple and nothing else")
    assert done.exit_code == 0, done.output
    kept = counterfactual_file.read(folder.path)
    assert {one.spoken for one in kept.turns} == {"all of apple and nothing else"}
    assert len(kept.turns) == run.planned_turns
    assert kept.listener.startswith("fake:text=all of apple and nothing else")
    assert not kept.own_ear
    figures = summary_file.read(folder.path / "summary.json").figures
    assert figures["entities_lost_tts"].n > 0
    assert figures["entities_lost"].part == sum(figures[f"entities_lost_{stage}"].part for stage in STAGES)
    attribute(folder.path, "--listen", "fake")
    assert counterfactual_file.read(folder.path).own_ear


def test_the_documents_examples_are_true():
    tried = doctest.testfile("../../docs/explanation/attribution.md", module_relative=True)
    assert (tried.attempted, tried.failed) == (5, 0)


def test_what_cannot_be_listened_to_is_told(run, tmp_path):
    assert "the run has no recorded replies" in attribute(run.path, "--listen", "fake").output
    assert "unknown asr engine 'nope'" in attribute(run.path, "--listen", "nope").output
    assert attribute(tmp_path / "nowhere").exit_code == 2
    (run.path / "replay.json").write_text("{}")
    with pytest.raises(InputError, match=r"replay\.json: not a replay: .*; write it again: voicelab attribute"):
        counterfactual_file.read(run.path)
    assert len(counterfactual.keep(run).turns) == 7
