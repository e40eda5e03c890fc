"""The laws of a summary: counts add, what was not scored is never 0, and the same seed gives the same interval."""

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
    summary_of,
)
from voicelab.errors import InputError
from voicelab.metrics.words import WordCounts, count
from voicelab.report import tables
from voicelab.report.wording import headline
from voicelab.scoring.summary import PATH, read, summarize
from voicelab.scoring.turns import NO_SPEECH
from voicelab.text import normalizer


def rates(value):
    """Every figure of a summary that has an interval."""
    if isinstance(value, dict):
        if "interval" in value:
            yield value
        for inner in value.values():
            yield from rates(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from rates(inner)


def test_corpus_rates_come_from_summed_counts():
    words = summary_of(VARIED).words
    total = sum((count(turn.text, turn.heard, normalizer("english")) for turn in VARIED), WordCounts())
    overall = words.overall
    assert (overall.wer.part, overall.wer.whole) == (total.errors, total.reference_words)
    assert (overall.hits, overall.deletions, overall.insertions) == (total.hits, total.deletions, total.insertions)
    assert overall.wer.value == total.wer
    assert (overall.mer.value, overall.wil.value) == (total.mer, total.wil)
    for groups in (words.by_category, words.by_speaker):
        assert sum(group.wer.part for group in groups.values()) == total.errors
        assert sum(group.reference_words for group in groups.values()) == total.reference_words


def test_the_order_of_turns_changes_nothing():
    shuffled = list(VARIED)
    random.Random(1).shuffle(shuffled)
    one, other = summary_of(VARIED), summary_of(shuffled)
    assert one.words.overall == other.words.overall
    assert one.entities == other.entities
    assert one.latency.stages["turn_s"] == other.latency.stages["turn_s"]
    assert one.intents.confusion == other.intents.confusion


def test_the_seed_changes_no_interval_of_a_run():
    words = "what is the price of apple and of ford and of all the others".split()
    turns = [answered(str(n), text=" ".join(words), heard=" ".join(words[: 2 + n])) for n in range(12)]
    spec = made_run().spec
    again = summary_of(turns)
    assert summary_of(turns) == again
    other = summary_of(turns, made_run(spec=spec.model_copy(update={"seed": 7})))
    assert other.words == again.words


def test_too_few_speakers_are_said():
    summary = summary_of(VARIED)
    assert summary.resampling.note == "3 speakers are too few to say much about others"
    wer = summary.words.overall.wer.interval
    assert (wer.method, wer.note) == ("exact binomial, effective n", summary.resampling.note)
    alone = summary_of([answered(f"t{n}", speaker="one", heard="what is the price") for n in range(9)])
    assert alone.resampling.note == "one speaker: the interval says nothing about other speakers"
    single = summary_of([answered("a", heard="what is the price")]).words.overall.wer
    assert (single.interval, single.no_interval) == (None, "fewer than two samples were scored")


def test_intervals_hold_their_estimate_and_stay_in_bounds():
    summary = summary_of(VARIED)
    found = [one for one in rates(summary.model_dump()) if one["interval"] is not None]
    assert len(found) > 10
    for one in found:
        low, high = one["interval"]["low"], one["interval"]["high"]
        assert 0 <= low <= one["value"] + 1e-12
        assert one["value"] <= high + 1e-12
    many = [answered(str(n), turn_s=0.3 + n / 100) for n in range(80)]
    stage = summary_of(many).latency.stages["turn_s"]
    assert stage.p50_interval.low <= stage.p50 <= stage.p50_interval.high
    assert stage.p95_interval.low <= stage.p95 <= stage.p95_interval.high
    assert (stage.p99, stage.p99_interval, stage.refused) == (None, None, {"p99": 100})


def test_a_percentile_of_too_few_turns_is_refused_and_its_interval_before_it():
    turns = [answered(str(n), turn_s=0.3 + n / 100) for n in range(30)]
    stage = summary_of(turns).latency.stages["turn_s"]
    assert stage.p95 == pytest.approx(0.5755)
    assert stage.p95_interval is None
    few = summary_of(turns[:12])
    stage = few.latency.stages["turn_s"]
    assert (stage.p95, stage.refused) == (None, {"p95": 20, "p99": 100})
    shown = {line.name: line.value for line in headline(few)}
    assert shown["whole turn, p95"] == "n too small: 12 of 20"
    assert tables.latency(few).loc["whole turn", "p95"] == "n too small: 12 of 20"


def test_speakers_are_drawn_whole_only_where_every_turn_names_one():
    by_speaker = summary_of(VARIED)
    assert (by_speaker.resampling.unit, by_speaker.resampling.clusters) == ("speaker", 3)
    assert by_speaker.words.overall.wer.interval.clusters == 3
    # One speaker's own turns have no other speaker to be drawn with.
    assert by_speaker.words.by_speaker["one"].wer.interval.unit == "sample"
    partly = summary_of([*VARIED, answered("e", speaker=None)])
    assert (partly.resampling.unit, partly.resampling.clusters) == ("sample", 5)


def test_turns_of_one_conversation_are_taken_together():
    talk = [answered(f"{talk}/{n}", scenario_id=talk) for talk in "xyz" for n in range(2)]
    resampling = summary_of([*talk, answered("alone")]).resampling
    assert (resampling.unit, resampling.clusters) == ("conversation", 4)


def test_one_turn_has_a_value_and_no_interval():
    summary = summary_of([answered("a")])
    assert summary.words.overall.wer.value == 0
    assert summary.words.overall.wer.interval is None
    assert summary.latency.stages["turn_s"].p95_interval is None


def test_nothing_scored_is_none_and_never_zero():
    summary = summary_of([])
    for one in rates(summary.model_dump()):
        assert (one["value"], one["n"], one["interval"]) == (None, 0, None)
    for stage in summary.latency.stages.values():
        assert (stage.n, stage.p50, stage.max) == (0, None, None)
    assert (summary.turns.planned, summary.turns.missing) == (4, 4)
    assert summary.latency.median_turn is None
    assert summary.linker.points == ()


def test_a_turn_that_broke_is_counted_and_not_scored():
    summary = summary_of([*VARIED, failed("x", speaker="one")])
    assert summary.turns.model_dump() == {
        "planned": 4, "answered": 4, "failed": 1, "nothing_heard": 0, "missing": 0, "primary": 5, "primary_answered": 4,
        "primary_failed": 1, "cold": 0, "failures": {"connection_lost": 1},
    }  # fmt: skip
    without = summary_of(VARIED)
    assert summary.words.overall.not_scored == 1
    assert summary.words.overall.wer == without.words.overall.wer
    assert (summary.entities.not_scored, summary.intents.not_scored) == (1, 1)
    assert summary.entities.surface_answered.value == without.entities.surface_answered.value
    assert summary.latency.stages["turn_s"].n == 4


def test_hearing_nothing_is_all_deletions_and_a_missed_intent():
    summary = summary_of([failed("x", code="no_speech", heard="")])
    words = summary.words.overall
    assert (words.n, words.not_scored, words.deletions, words.wer.value, words.wil.value) == (1, 0, 6, 1.0, 1.0)
    assert summary.intents.confusion == {"price": {NO_SPEECH: 1}}
    assert summary.intents.accuracy.value == 0
    assert (summary.entities.surface_answered.part, summary.entities.surface_answered.whole) == (0, 2)
    assert summary.entities.agent_precision.value is None


def test_only_primary_turns_make_the_figures():
    replay = answered("s/1", scenario_id="s", primary=False, heard="nothing like it")
    assert summary_of([*VARIED, replay]).words == summary_of(VARIED).words
    assert summary_of([*VARIED, replay]).turns.answered == 5


def test_a_turn_taken_twice_counts_once_as_it_was_last():
    first = answered("a", heard="wrong", turn_s=9.0)
    assert summary_of([first, answered("a")]) == summary_of([answered("a")])


def test_the_cold_turn_stands_apart():
    cold = answered("cold", turn_s=30.0, cold=True)
    latency = summary_of([cold, *VARIED]).latency
    assert latency.stages["turn_s"].n == 4
    assert latency.stages["turn_s"].max == 0.9
    assert [(turn.key, turn.stages["turn_s"]) for turn in latency.cold] == [("cold", 30.0)]
    # It is as good a sample of recognition as any other.
    assert summary_of([cold, *VARIED]).words.overall.n == 5


def test_the_waterfalls_parts_sum_to_a_real_turn():
    middle = summary_of(VARIED).latency.median_turn
    assert (middle.key, middle.turn_s) == ("a", 0.5)
    assert tuple(middle.parts) == PATH
    assert sum(middle.parts.values()) == pytest.approx(middle.turn_s)


def test_entities_in_three_texts():
    turn = answered("a", heard="what is the price of apple", answer="It is at 10.", entities=())
    entities = summary_of([turn]).entities
    assert (entities.surface_heard.value, entities.surface_answered.value) == (0.5, 0.0)
    assert (entities.linked_heard.value, entities.agent_recall.value) == (1.0, 0.0)
    assert entities.surface_session.value == 0.5
    # What the agent took from the words is in the session by its name and its ticker.
    linked = summary_of([turn.model_copy(update={"entities": (company("AAPL", "apple"),)})]).entities
    assert linked.surface_session.value == 1.0
    # ... but not what it remembers from before.
    remembered = summary_of([turn.model_copy(update={"entities": (company("AAPL", ""),)})]).entities
    assert (remembered.surface_session.value, remembered.agent_recall.value) == (0.5, 0.0)


def test_the_tile_says_what_a_perfect_transcript_would_reach():
    summary = summary_of([answered("a", heard="what is the price of apple")])
    said = summary.entities.surface_said
    perfect = summary_of([answered("a", heard=answered("a").text)]).entities.surface_heard
    assert (said.part, said.whole) == (perfect.part, perfect.whole) == (1, 2)
    tile = next(line for line in headline(summary) if line.name == "entity recall, heard")
    assert "at most 0.500 with a perfect transcript" in tile.note
    reachable = answered("b", expected_entities=("price",))
    tile = next(line for line in headline(summary_of([reachable])) if line.name == "entity recall, heard")
    assert "at most" not in tile.note


def test_precision_recall_and_f1_of_the_agent():
    wrong = answered("b", entities=(company("NVDA", "a video"), company("AAPL", "apple")))
    missed = answered("c", entities=())
    found = summary_of([answered("a"), wrong, missed]).entities
    assert (found.agent_precision.part, found.agent_precision.whole) == (2, 3)
    assert (found.agent_recall.part, found.agent_recall.whole) == (2, 3)
    assert found.agent_f1.value == pytest.approx(2 / 3)


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
    scenarios = summary_of(turns, scenarios=[SCENARIO]).scenarios
    (one,) = scenarios.each
    assert (one.success, one.missing) == (success, missing)
    assert (scenarios.success.whole, scenarios.not_scored) == ((0, 1) if success is None else (1, 0))
    assert scenarios.success.value == (None if success is None else float(success))


def test_a_scenario_whose_expectations_are_gone_is_not_scored():
    (one,) = summarize(made_run(), [in_scenario(1)], FORMS).scenarios.each
    assert (one.success, one.expected) == (None, None)
    assert "not known" in one.note


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
    assert (linker.points, linker.note) == ((), "The agent names no candidates.")


def test_a_summary_is_read_as_it_was_written(tmp_path):
    summary = summary_of(VARIED)
    file = tmp_path / "summary.json"
    file.write_text(summary.model_dump_json())
    assert read(file) == summary
    file.write_text('{"format_version": 2}')
    with pytest.raises(InputError, match=r"summary\.json: not a summary: format_version"):
        read(file)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.json")
