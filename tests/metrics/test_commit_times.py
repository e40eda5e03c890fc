"""The time after which names remain correct, and the revisions of streaming transcripts."""

import pytest

from tests.support.made_runs import FORMS, answered, summary_of
from voicelab.figures.table import FIGURES
from voicelab.metrics.commit_times import OVER_TIME_S, committed_s, estimated_end_s, revised_words
from voicelab.report import plots, tables
from voicelab.runs.turn_content import EntityEnd, PartialHeard
from voicelab.scoring import score_codec
from voicelab.scoring.turns import score_turns
from voicelab.text import normalizer


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ([False, True, True], 2.0),
        ([True, False, True], 3.0),
        ([True, True, False], None),
        ([False, False, False], None),
        ([True], 1.0),
        ([], None),
    ],
)
def test_a_name_counts_from_when_it_stays_right(right, expected):
    assert committed_s(right, [1.0, 2.0, 3.0][: len(right)]) == expected


def test_the_end_of_a_name_is_its_share_of_the_speech_without_pauses():
    text = "abcd efgh ij"
    assert estimated_end_s(text, "ij", [(1.0, 2.2)]) == pytest.approx(2.2)
    assert estimated_end_s(text, "ABCD", [(1.0, 2.2)]) == pytest.approx(1.4)
    assert estimated_end_s(text, "efgh", [(0.0, 0.6), (5.0, 5.6)]) == pytest.approx(5.3)
    assert estimated_end_s(text, "xyz", [(0.0, 1.0)]) is None
    assert estimated_end_s(text, "abcd", []) is None


@pytest.mark.parametrize(
    ("texts", "count"),
    [([["a"], ["a", "b"], ["a", "b", "c"]], 0), ([["a", "b"], ["a", "c"]], 1), ([["a", "b"], []], 2), ([["x"]], 0)],
)
def test_words_that_do_not_stay_are_revised(texts, count):
    assert revised_words(texts) == count


def streamed(key, *texts, ends_s=-0.6, speech_ends_s=None, later_s=0.0):
    """A turn about Apple whose texts came at -1.0 s, -0.5 s, ... from the end of the audio."""
    partials = [PartialHeard(at_s=-1.0 + 0.5 * place + later_s, text=text) for place, text in enumerate(texts)]
    ends = () if ends_s is None else (EntityEnd(entity="Apple", at_s=ends_s),)
    if speech_ends_s is not None:
        speech_ends_s += later_s
    return answered(
        key,
        heard=texts[-1],
        partials=tuple(partials),
        entity_ends=ends,
        speech_ends_s=speech_ends_s,
        expected_entities=("Apple",),
    )


FULL = "what is the price of Apple"


def test_the_figures_of_turns_with_partial_transcripts():
    turns = [streamed("a", "what is the", FULL, FULL), streamed("b", "what is the", "what is a", "what is a", FULL)]
    figures = summary_of(turns).figures
    assert figures["entity_commit_s.p50"].value == pytest.approx((0.1 + 1.1) / 2)
    assert (figures["flicker"].part, figures["flicker"].of) == (2, 12)
    # Before the end of the audio the first is right, and the second has four errors of six words.
    assert (figures["streaming_wer_gap"].part, figures["streaming_wer_gap"].of) == (4, 12)


@pytest.mark.parametrize("trailing_s", [0.0, 0.5, 2.0])
def test_the_error_rate_over_time_counts_from_the_end_of_speech_whatever_silence_follows(trailing_s):
    texts = ("what is the", FULL, "what is a", FULL)
    turns = [streamed(key, *texts, speech_ends_s=-0.5, later_s=-trailing_s) for key in "ab"]
    summary = summary_of(turns)
    curve = {point.at_s: point.wer.value for point in summary.wer_over_time}
    assert tuple(curve) == OVER_TIME_S
    # Nothing, then three of six words, then all; "what is a" is four words short.
    assert (curve[-0.75], curve[-0.5], curve[-0.25], curve[0.0]) == (1.0, 0.5, 0.5, 0.0)
    assert (curve[0.5], curve[1.0], curve[2.0]) == (pytest.approx(4 / 6), 0.0, 0.0)
    assert summary.figures["wer_after_0ms"].value == 0.0
    assert summary.figures["wer_after_500ms"].value == pytest.approx(4 / 6)
    assert summary.figures["wer_after_1000ms"].value == 0.0


def test_the_error_rate_over_time_is_drawn_and_tabled():
    summary = summary_of([streamed(key, "what is the", FULL, speech_ends_s=-0.5) for key in "ab"])
    assert b"<svg" in plots.svg(plots.wer_over_time(summary))
    assert list(tables.wer_over_time(summary).index) == list(OVER_TIME_S)
    without = summary_of([answered("a")])
    assert without.wer_over_time == ()
    assert tables.wer_over_time(without).empty


def test_they_are_left_out_of_runs_without_partial_transcripts():
    figures = summary_of([answered("a"), answered("b")]).figures
    for name in ("entity_commit_s.p50", "flicker", "streaming_wer_gap", "wer_after_0ms"):
        assert name not in figures or figures[name].value is None
        assert FIGURES[name].only_with_evidence


def test_a_name_that_cannot_be_located_gives_no_commit_time_and_a_score_survives_its_file():
    (score,) = score_turns([streamed("a", "what", FULL, ends_s=None, speech_ends_s=0.0)], normalizer("english"), FORMS)
    assert score.streaming is not None
    assert score.streaming.commit_s is None
    assert score_codec.decode([score.turn], score_codec.encode([score])) == [score]
