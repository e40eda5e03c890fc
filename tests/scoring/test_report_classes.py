"""Entities by class, and the turns whose action changes, as a report counts them."""

import pytest

from tests.support.made_runs import FORMS, VARIED, answered, company, failed, made_run, summarize_turns, summary_of
from voicelab.report import tables
from voicelab.report.wording import headline
from voicelab.scoring import counterfactual_file

MIXED = ("AAPL", "Apple", "latest", "$212.50", "5 percent")


def classes_of(*turns):
    return summary_of(list(turns)).by["entity_class"]


def test_the_classes_sum_to_all_that_was_expected():
    turns = [*VARIED, answered("m", expected_entities=MIXED, heard="the latest on apple at $212.50")]
    summary = summary_of(turns)
    found = summary.by["entity_class"]
    assert list(found) == ["company", "ticker", "money", "percent", "action word"]
    for part in ("part", "of"):
        whole = getattr(summary.figures["entity_recall"], part)
        assert sum(getattr(one["entity_recall"], part) for one in found.values()) == whole


def test_what_is_said_another_way_is_heard_though_not_as_written():
    heard = "apple fell five per cent to two hundred twelve dollars and fifty cents"
    found = classes_of(answered("m", expected_entities=MIXED, heard=heard))
    written = {kind: one["entity_recall"].value for kind, one in found.items()}
    in_any_form = {kind: one["entity_recall_linked"].value for kind, one in found.items()}
    assert written == {"company": 1, "ticker": 0, "money": 0, "percent": 0, "action word": 0}
    assert in_any_form == {"company": 1, "ticker": 1, "money": 1, "percent": 1, "action word": 0}


def test_a_company_is_one_claim_though_its_ticker_is_expected_too():
    right = answered("a")
    wrong = answered("b", entities=(company("NVDA", "a video"), company("AAPL", "apple")))
    found = classes_of(right, wrong)
    assert (found["ticker"]["entity_precision"].part, found["ticker"]["entity_precision"].of) == (2, 2)
    assert (found["company"]["entity_precision"].part, found["company"]["entity_precision"].of) == (2, 3)
    assert found["company"]["entity_recall_agent"].value == 1
    assert found["company"]["entity_f1"].value == pytest.approx(4 / 5)


def test_an_agent_has_no_precision_in_a_class_that_it_does_not_look_for():
    found = classes_of(answered("a", expected_entities=("Apple", "latest")))
    assert found["company"]["entity_f1"].value == 1
    assert "entity_f1" not in found["action word"]


def test_entity_wer_by_class_and_turns_that_broke():
    silent = failed("s", code="no_speech", heard="")
    found = classes_of(answered("a", heard="what is the price of a bull"), silent, failed("x"))
    assert (found["company"]["entity_wer"].part, found["company"]["entity_wer"].of) == (2, 2)
    assert (found["company"]["entity_recall_linked"].of, found["company"]["entity_recall_linked"].n) == (2, 2)
    assert found["company"]["entity_recall_agent"].of == 2


def asked(intent, *companies):
    return counterfactual_file.AgentOutcome(intent=intent, companies=companies, answer="")


def replay_of(turns, changed):
    rows = tuple(
        counterfactual_file.CounterfactualTurn(
            key=turn.key, text=turn.text, heard=turn.heard, reference=asked("price", "AAPL"),
            transcript=asked("price", "NVDA" if turn.key in changed else "AAPL"), references=asked("price", "AAPL"),
        )
        for turn in turns
    )  # fmt: skip
    return counterfactual_file.Counterfactual(run_id="made", turns=rows)


def test_changed_turns_stand_beside_wer_with_their_interval():
    summary = summarize_turns(made_run(), VARIED, FORMS, (), replay_of(VARIED, {"a", "d"}))
    changed = summary.figures["action_changes"]
    assert (changed.part, changed.of, changed.value) == (2, 4, 0.5)
    assert changed.interval.low <= 0.5 <= changed.interval.high
    assert (changed.counts["companies"], changed.counts["intent"]) == (2, 0)
    assert [line.name for line in headline(summary)][:2] == ["word error rate (WER)", "turns whose action changes"]
    assert headline(summary)[1].note.endswith("2 of 4 turns, only a bound: 3 speakers are too few")
    assert list(tables.equivalence(summary)["part"]) == [2, 0, 2, 0, 0, 0]


def test_a_share_that_is_not_known_says_why():
    gone = counterfactual_file.Counterfactual(run_id="r", absent="no such agent")
    for replay, why in ((None, "voicelab attribute RUN"), (gone, "no such agent")):
        summary = summarize_turns(made_run(), VARIED, FORMS, (), replay)
        line = headline(summary)[1]
        assert line.value == "–"
        assert why in line.note
        assert summary.figures["action_changes"].value is None
        assert tables.equivalence(summary).empty


def test_only_the_turns_that_count_are_counted():
    replays = [answered("s/1", scenario_id="s", primary=False), *VARIED]
    summary = summarize_turns(made_run(), replays, FORMS, (), replay_of(replays, {"s/1", "a"}))
    assert (summary.figures["action_changes"].part, summary.figures["action_changes"].of) == (1, 4)
