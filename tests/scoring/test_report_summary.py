"""Laws of a summary: counts add, unscored figures are never 0, and the same seed gives the same intervals."""

import random

import pytest

from tests.support.made_runs import (
    FORMS,
    SCENARIO,
    VARIED,
    answered,
    company,
    failed,
    in_scenario,
    made_run,
    summarize_turns,
    summary_of,
)
from voicelab.conditions.condition import Condition
from voicelab.datasets import Scenario
from voicelab.errors import InputError
from voicelab.figures.table import FIGURES
from voicelab.metrics.words import WordCounts, count
from voicelab.report import tables
from voicelab.report.text_tables import as_text
from voicelab.report.wording import headline
from voicelab.runs.records import RunSpec
from voicelab.scoring.summary import PATH
from voicelab.scoring.summary_file import read
from voicelab.scoring.turns import NO_SPEECH
from voicelab.text import normalizer


def rates(value):
    """Every figure of a summary that has an interval."""
    if isinstance(value, dict):
        if "no_interval" in value:
            yield value
        for inner in value.values():
            yield from rates(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from rates(inner)


def test_corpus_rates_come_from_summed_counts():
    summary = summary_of(VARIED)
    total = sum((count(turn.text, turn.heard, normalizer("english")) for turn in VARIED), WordCounts())
    wer = summary.figures["wer"]
    assert (wer.part, wer.of) == (total.errors, total.reference_words)
    counts = {"hits": total.hits, "substitutions": total.substitutions, "deletions": total.deletions,
              "insertions": total.insertions}  # fmt: skip
    assert wer.counts == counts
    assert wer.value == total.wer
    assert (summary.figures["mer"].value, summary.figures["wil"].value) == (total.mer, total.wil)
    for grouping in ("category", "speaker"):
        groups = summary.by[grouping].values()
        assert sum(group["wer"].part for group in groups) == total.errors
        assert sum(group["wer"].of for group in groups) == total.reference_words


def test_the_order_of_turns_changes_nothing():
    shuffled = list(VARIED)
    random.Random(1).shuffle(shuffled)
    one, other = summary_of(VARIED), summary_of(shuffled)
    assert set(one.figures) == set(FIGURES)
    for name, found in one.figures.items():
        same = other.figures[name]
        assert (found.value, found.low, found.high, found.n) == pytest.approx((same.value, same.low, same.high, same.n))
    assert one.confusion == other.confusion


def test_the_seed_changes_no_interval_of_a_run():
    words = "what is the price of apple and of ford and of all the others".split()
    turns = [answered(str(n), text=" ".join(words), heard=" ".join(words[: 2 + n])) for n in range(12)]
    spec = made_run().spec
    again = summary_of(turns)
    assert summary_of(turns) == again
    other = summary_of(turns, made_run(spec=spec.model_copy(update={"seed": 7})))
    assert (other.figures, other.by) == (again.figures, again.by)


def test_too_few_speakers_are_said():
    summary = summary_of(VARIED)
    assert summary.resampling.note == "3 speakers, too few to generalize from"
    assert summary_of(VARIED[:1]).resampling.note == "1 sample, too few to generalize from"
    wer = summary.figures["wer"]
    assert (wer.method, wer.note) == ("exact binomial, effective n", "only a bound: 3 speakers are too few")
    alone = summary_of([answered(f"t{n}", speaker="one", heard="what is the price") for n in range(9)])
    assert alone.resampling.note == "one speaker: the interval says nothing about other speakers"
    single = summary_of([answered("a", heard="what is the price")]).figures["wer"]
    assert (single.interval, single.no_interval) == (None, "fewer than two samples were scored")


def test_intervals_hold_their_estimate_and_stay_in_bounds():
    summary = summary_of(VARIED)
    found = [one for one in rates(summary.model_dump()) if one["low"] is not None]
    assert len(found) > 10
    for one in found:
        low, high = one["low"], one["high"]
        assert 0 <= low <= one["value"] + 1e-12
        assert one["value"] <= high + 1e-12
    many = [answered(str(n), turn_s=0.3 + n / 100) for n in range(80)]
    figures = summary_of(many).figures
    for point in ("p50", "p95"):
        found = figures[f"turn_s.{point}"]
        assert found.low <= found.value <= found.high
    p99 = figures["turn_s.p99"]
    assert (p99.value, p99.interval, p99.missing) == (None, None, "n too small: 80 of 100 turns")


def test_a_percentile_of_too_few_turns_is_refused_and_its_interval_before_it():
    turns = [answered(str(n), turn_s=0.3 + n / 100) for n in range(30)]
    p95 = summary_of(turns).figures["turn_s.p95"]
    assert p95.value == pytest.approx(0.5755)
    assert (p95.interval, p95.no_interval) == (None, "30 turns, too few for an interval")
    few = summary_of(turns[:12])
    assert (few.figures["turn_s.p95"].value, few.figures["turn_s.p95"].missing) == (None, "n too small: 12 of 20 turns")
    shown = {line.name: line.value for line in headline(few)}
    assert shown["whole turn, p95"] == "n too small: 12 of 20"
    assert as_text(tables.latency(few)).loc["whole turn", "p95 [95 %]"] == "n too small: 12 of 20 turns"


def test_speakers_are_drawn_whole_only_where_every_turn_names_one():
    by_speaker = summary_of(VARIED)
    assert (by_speaker.resampling.unit, by_speaker.resampling.clusters) == ("speaker", 3)
    assert by_speaker.figures["wer"].clusters == 3
    # The turns of a single speaker have no other speaker to resample with.
    assert by_speaker.by["speaker"]["one"]["wer"].clustered_by == "sample"
    partly = summary_of([*VARIED, answered("e", speaker=None)])
    assert (partly.resampling.unit, partly.resampling.clusters) == ("sample", 5)


def test_turns_of_one_conversation_are_taken_together():
    talk = [answered(f"{talk}/{n}", scenario_id=talk) for talk in "xyz" for n in range(2)]
    resampling = summary_of([*talk, answered("alone")]).resampling
    assert (resampling.unit, resampling.clusters) == ("conversation", 4)


def test_one_turn_has_a_value_and_no_interval():
    summary = summary_of([answered("a")])
    assert summary.figures["wer"].value == 0
    assert summary.figures["wer"].interval is None
    assert summary.figures["turn_s.p95"].interval is None


def test_nothing_scored_is_none_and_never_zero():
    summary = summary_of([])
    for one in rates(summary.model_dump()):
        assert (one["value"], one["n"], one["low"]) == (None, 0, None)
        assert one["missing"]
    assert summary.by == {}
    assert (summary.turns.planned, summary.turns.missing) == (4, 4)
    assert summary.median_turn is None
    assert summary.linker.points == ()


def test_a_turn_that_broke_is_counted_and_not_scored():
    summary = summary_of([*VARIED, failed("x", speaker="one")])
    assert summary.turns.model_dump() == {
        "planned": 4, "answered": 4, "failed": 1, "nothing_heard": 0, "missing": 0, "primary": 5, "primary_answered": 4,
        "primary_failed": 1, "cold": 0, "failures": {"connection_lost": 1},
    }  # fmt: skip
    without = summary_of(VARIED)
    assert summary.turns.primary - summary.figures["wer"].n == 1
    assert summary.figures["wer"] == without.figures["wer"]
    assert {summary.figures[name].n for name in ("entity_recall", "intent_accuracy")} == {4}
    assert summary.figures["entity_recall_answered"].value == without.figures["entity_recall_answered"].value
    assert summary.figures["turn_s.p50"].n == 4


def test_hearing_nothing_is_all_deletions_and_a_missed_intent():
    summary = summary_of([failed("x", code="no_speech", heard="")])
    wer = summary.figures["wer"]
    assert (wer.n, wer.counts["deletions"], wer.value, summary.figures["wil"].value) == (1, 6, 1.0, 1.0)
    assert summary.confusion == {"price": {NO_SPEECH: 1}}
    assert summary.figures["intent_accuracy"].value == 0
    assert (summary.figures["entity_recall_answered"].part, summary.figures["entity_recall_answered"].of) == (0, 2)
    assert summary.figures["entity_precision"].value is None


def test_confusion_counts_every_pair():
    pairs = [("price", "price"), ("price", "news"), ("news", "news"), ("price", "price")]
    turns = [answered(str(number), expected_intent=one, intent=other) for number, (one, other) in enumerate(pairs)]
    assert summary_of(turns).confusion == {"news": {"news": 1, "price": 0}, "price": {"news": 1, "price": 2}}


def test_only_primary_turns_make_the_figures():
    replay = answered("s/1", scenario_id="s", primary=False, heard="nothing like it")
    assert summary_of([*VARIED, replay]).by == summary_of(VARIED).by
    assert summary_of([*VARIED, replay]).turns.answered == 5


def test_a_turn_taken_twice_counts_once_as_it_was_last():
    first = answered("a", heard="wrong", turn_s=9.0)
    assert summary_of([first, answered("a")]) == summary_of([answered("a")])


def test_the_cold_turn_stands_apart():
    cold = answered("cold", turn_s=30.0, cold=True)
    summary = summary_of([cold, *VARIED])
    assert (summary.figures["turn_s.max"].n, summary.figures["turn_s.max"].value) == (4, 0.9)
    assert [(turn.key, turn.stages["turn_s"]) for turn in summary.cold] == [("cold", 30.0)]
    # It is as good a sample of recognition as any other.
    assert summary.figures["wer"].n == 5


def test_the_waterfalls_parts_sum_to_a_real_turn():
    middle = summary_of(VARIED).median_turn
    assert (middle.key, middle.turn_s) == ("a", 0.5)
    assert tuple(middle.parts) == PATH
    assert sum(middle.parts.values()) == pytest.approx(middle.turn_s)


def recalls(turn):
    """The values of all figures of entities of one turn."""
    return {name: one.value for name, one in summary_of([turn]).figures.items() if name.startswith("entity_")}


def test_entities_in_three_texts():
    turn = answered("a", heard="what is the price of apple", answer="It is at 10.", entities=())
    found = recalls(turn)
    assert (found["entity_recall"], found["entity_recall_answered"]) == (0.5, 0.0)
    assert (found["entity_recall_linked"], found["entity_recall_agent"]) == (1.0, 0.0)
    assert found["entity_recall_session"] == 0.5
    # Companies that the agent recognized are in the session by name and by ticker.
    linked = recalls(turn.model_copy(update={"entities": (company("AAPL", "apple"),)}))
    assert linked["entity_recall_session"] == 1.0
    # ... but not what it remembers from before.
    remembered = recalls(turn.model_copy(update={"entities": (company("AAPL", ""),)}))
    assert (remembered["entity_recall_session"], remembered["entity_recall_agent"]) == (0.5, 0.0)


def test_the_tile_says_what_a_perfect_transcript_would_reach():
    summary = summary_of([answered("a", heard="what is the price of apple")])
    said = summary.figures["entity_recall_said"]
    perfect = summary_of([answered("a", heard=answered("a").text)]).figures["entity_recall"]
    assert (said.part, said.of) == (perfect.part, perfect.of) == (1, 2)
    tile = next(line for line in headline(summary) if line.name == "entity recall, heard")
    assert "at most 0.500 with a perfect transcript" in tile.note
    reachable = answered("b", expected_entities=("price",))
    tile = next(line for line in headline(summary_of([reachable])) if line.name == "entity recall, heard")
    assert "at most" not in tile.note


def test_precision_recall_and_f1_of_the_agent():
    wrong = answered("b", entities=(company("NVDA", "a video"), company("AAPL", "apple")))
    missed = answered("c", entities=())
    found = summary_of([answered("a"), wrong, missed]).figures
    assert (found["entity_precision"].part, found["entity_precision"].of) == (2, 3)
    assert (found["entity_recall_agent"].part, found["entity_recall_agent"].of) == (2, 3)
    assert found["entity_f1"].value == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("turns", "success", "missing"),
    [
        ([in_scenario(1), in_scenario(2, heard="and the volume")], True, ()),
        ([in_scenario(1), in_scenario(2)], False, ("volume",)),
        ([in_scenario(1), failed("s/2", heard="the volume", scenario_id="s")], False, ()),
        ([in_scenario(1)], None, ("volume",)),
    ],
    ids=["all there", "an entity missing", "a turn without reply", "not finished"],
)
def test_scenarios(turns, success, missing):
    summary = summary_of(turns, scenarios=[SCENARIO])
    (one,) = summary.scenarios
    assert (one.success, one.missing) == (success, missing)
    found = summary.figures["scenario_success"]
    assert (found.of, found.value) == ((0, None) if success is None else (1, float(success)))


def test_scenarios_by_speaker():
    """A scenario counts for the speaker of all its turns, and for no category."""

    def talk(name, speakers, heard="and its volume"):
        kept = {"scenario_id": name, "primary": False, "heard": heard}
        return [answered(f"{name}/{n}", turn_number=n, speaker=one, **kept) for n, one in enumerate(speakers, 1)]

    turns = [
        *talk("a", ["one", "one"]),
        *talk("b", ["one", "one"], heard="something else"),
        *talk("c", ["two", "two"]),
        *talk("d", ["one", "two"]),
    ]
    plans = [Scenario(name, "", SCENARIO.turns, ("volume",)) for name in "abcd"]
    spec = RunSpec(samples="nowhere", target="in-process", condition=Condition(telephone=True))
    found = summary_of([*VARIED, *turns], made_run(spec=spec), plans)
    success = {name: group.get("scenario_success") for name, group in found.by["speaker"].items()}
    assert (success["one"].part, success["one"].of, success["one"].note) == (
        1,
        2,
        "only a bound: 2 scenarios are too few",
    )
    assert (success["two"].value, success["two"].no_interval) == (1.0, "fewer than two scenarios were scored")
    assert success["three"] is None
    assert found.by["condition"][found.condition]["scenario_success"].of == 4
    assert not any("scenario_success" in group for group in found.by["category"].values())
    table = tables.figures_by(found, "speaker", "scenario_success")
    assert table[["part", "of"]].to_numpy().tolist() == [[1, 2], [1, 1]]


def test_a_scenario_whose_expectations_are_gone_is_not_scored():
    (one,) = summarize_turns(made_run(), [in_scenario(1)], FORMS).scenarios
    assert (one.success, one.expected) == (None, None)
    assert "unknown" in one.note


def test_the_threshold_curve():
    close = answered("b", candidates=(company("AAPL", "apply", 0.72), company("F", "four", 0.66)))
    linker = summary_of([answered("a"), close]).linker
    points = {point.threshold: (point.found, point.missed, point.unexpected) for point in linker.points}
    assert linker.threshold_used == 0.8
    assert (points[0.6], points[0.7], points[0.75], points[0.9], points[0.95]) == (
        (2, 0, 1), (2, 0, 0), (1, 1, 0), (1, 1, 0), (0, 2, 0),
    )  # fmt: skip
    assert "3 best" in linker.note


def test_an_agent_without_candidates_has_no_curve():
    linker = summary_of([answered("a", candidates=())]).linker
    assert (linker.points, linker.note) == ((), "The agent reports no candidates.")


def test_a_summary_is_read_as_it_was_written(tmp_path):
    summary = summary_of(VARIED)
    file = tmp_path / "summary.json"
    file.write_text(summary.model_dump_json())
    assert read(file) == summary
    for text in ('{"format": 3}', "{}", "[]", '{"format_version": 1}', '{"format": 2}', "{", "\udc80"):
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(InputError, match=r"summary\.json: not "):
            read(file)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.json")
