"""Tool equivalence: the same action on the transcript as on the text, measured with the real rules agent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.command_line import voicelab
from tests.support.made_runs import keep_run, made_run
from tests.support.turns import turn
from voicelab.agent.finance.rules import RulesAgent
from voicelab.errors import InputError
from voicelab.metrics.equivalence import Action, EquivalenceCounts, changed_interval, compare
from voicelab.runs.records import RunSpec
from voicelab.scoring.counterfactual import agent_of, tool_equivalence
from voicelab.scoring.counterfactual_file import NO_SPEECH


@pytest.fixture(scope="module")
def agent():
    made = RulesAgent()
    made.load()
    return made


TURNS = [
    turn("same", "What is the price of Apple?", "what is the price of apple", speaker="anna"),
    turn(
        "harmless",
        "Could you tell me the price of Apple stock",
        "can you tell me a price of apple stock",
        speaker="anna",
    ),
    turn("company", "What is the price of Apple?", "what is the price of tesla", speaker="bob"),
    turn("intent", "What is the news about Apple", "what is the price of apple", speaker="bob"),
    turn("silent", "What is the price of Apple?", "", speaker="bob"),
    turn("broken", "What is the price of Apple?", None, speaker="bob"),
    turn("s1", "Add Apple to my watchlist", "add tesla to my watchlist", scenario="s", speaker="cora"),
    turn("s2", "What is its price?", "what is its price", scenario="s", number=2, speaker="cora"),
]


def test_what_changes_is_what_the_agent_does_and_not_the_words(agent):
    found = {one.key: one for one in tool_equivalence(TURNS, agent)}
    assert list(found) == ["same", "harmless", "company", "intent", "silent", "s1", "s2"]
    changed = {key for key, one in found.items() if one.counts.changed}
    assert changed == {"company", "intent", "silent", "s1"}
    assert found["company"].counts == EquivalenceCounts(turns=1, changed=1, companies=1)
    assert found["intent"].counts == EquivalenceCounts(turns=1, changed=1, intent=1)
    assert found["silent"].action == NO_SPEECH
    assert found["s1"].reference.action.changes == {("add", "AAPL")}
    assert found["s1"].action.changes == {("add", "TSLA")}


def test_a_turn_is_judged_by_its_own_words(agent):
    """`s2` refers to the company of the previous turn, which was misrecognized; its own words were correct."""
    found = {one.key: one for one in tool_equivalence(TURNS, agent)}
    assert found["s2"].reference.action == found["s2"].action
    assert found["s2"].action.companies == {"TSLA"}


ACTIONS = st.builds(
    Action, st.sampled_from(["price", "news"]), st.frozensets(st.sampled_from(["AAPL", "TSLA"])),
    st.frozensets(st.sampled_from([("money", "5"), ("money", "9")])), st.frozensets(st.sampled_from([("add", "AAPL")])),
)  # fmt: skip


@given(ACTIONS, ACTIONS)
def test_an_action_changes_when_any_part_of_it_does(mine, other):
    counts = compare(mine, other)
    assert counts.turns == 1
    assert bool(counts.changed) is (mine != other)
    assert bool(counts.changed) is bool(counts.intent or counts.companies or counts.amounts or counts.changes)
    assert compare(mine, mine).changed == 0


@given(st.lists(st.tuples(ACTIONS, ACTIONS), max_size=6))
def test_counts_add(pairs):
    counts = [compare(mine, other) for mine, other in pairs]
    total = sum(counts, EquivalenceCounts())
    assert total == sum(reversed(counts), EquivalenceCounts())
    assert total.turns == len(pairs)
    assert (total.changed_share is None) is (not pairs)


def test_the_share_lies_in_its_interval():
    counts = [EquivalenceCounts(turns=1, changed=number % 3 == 0) for number in range(30)]
    found = changed_interval(counts, [number // 3 % 7 for number in range(30)])
    assert found.low <= 1 / 3 <= found.high


@pytest.fixture
def run(tmp_path):
    return keep_run(tmp_path / "r", made_run(run_id="r", spec=RunSpec(samples="s"), planned_turns=len(TURNS)), TURNS)


def equivalence(*arguments):
    return voicelab("equivalence", *arguments)


def test_the_command(run):
    done = equivalence(run.path)
    assert done.exit_code == 0
    text = " ".join(done.output.split())
    assert "57.1 %" in text
    assert "4 of 7" in text
    assert "WER of the same turns" in text
    assert "company: 'What is the price of Apple?' recognized as 'what is the price of tesla'" in text
    assert "left out: 1 turn that failed before recognition" in text


def test_the_figures_alone(run):
    found = json.loads(equivalence(run.path, "--json").stdout)
    assert found["counts"]["changed"] == 4
    assert found["changed"] == ["company", "intent", "silent", "s1"]
    assert found["interval"]["low"] <= found["changed_share"] <= found["interval"]["high"]
    assert found["interval"]["unit"] == "speaker"
    assert found["normalizer"]["name"] == "english"
    assert found["wer"] > 0


def test_another_agent_may_be_asked(run):
    found = json.loads(equivalence(run.path, "--agent", "fake", "--json").stdout)
    assert found["changed"] == ["silent"]


def test_what_cannot_be_replayed_is_told(run, tmp_path):
    assert equivalence(tmp_path / "nowhere").exit_code == 2
    refused = equivalence(run.path, "--agent", "klingon")
    assert refused.exit_code == 2
    assert "unknown agent engine 'klingon'" in refused.output
    with pytest.raises(InputError, match="names no agent"):
        agent_of(run.read().model_copy(update={"engines": ()}), None)
