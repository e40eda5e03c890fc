"""The laws of the table: figures of two groups add up, and every place iterates it."""

import pytest

from tests.support.made_runs import FORMS, VARIED, answered, failed, summary_of
from voicelab.figures.figure import Figure, Ratio
from voicelab.figures.latency import STAGES
from voicelab.figures.table import FIGURES, figure_of
from voicelab.paths import PROJECT
from voicelab.scoring.turns import score_turns
from voicelab.text import normalizer

COUNTED = [figure for figure in FIGURES.values() if isinstance(figure, Figure) and figure.over == "turns"]


@pytest.mark.parametrize("figure", COUNTED, ids=lambda figure: figure.name)
def test_counts_add_over_turns_and_a_turn_that_broke_adds_none(figure):
    turns = [*VARIED, answered("silent", text="", heard="oh", audio_s=3.0), failed("x")]
    scores = score_turns(turns, normalizer("english"), FORMS)
    counted = [counts for score in scores if (counts := figure.counts(score)) is not None]
    assert len({tuple(counts) for counts in counted}) <= 1, "always under the same names"
    assert figure.counts(scores[-1]) is None
    measured = summary_of(turns).figures[figure.name]
    assert measured.n == len(counted)
    if isinstance(figure.value, Ratio):
        assert measured.part == sum(counts[figure.value.part] for counts in counted)


def test_a_group_that_is_all_turns_has_their_figures():
    alike = [turn.model_copy(update={"category": "one"}) for turn in VARIED]
    summary = summary_of(alike)
    assert summary.by["category"]["one"].items() <= summary.figures.items()


def test_names_are_unique_and_found():
    assert all(name == figure.name for name, figure in FIGURES.items())
    assert len({figure.title for figure in FIGURES.values()}) == len(FIGURES)
    assert all(figure_of(name) is figure for name, figure in FIGURES.items())


def test_the_documents_name_every_figure():
    text = next(PROJECT.joinpath("docs").rglob("figures.md")).read_text()
    for name, figure in FIGURES.items():
        assert f"`{name}`" in text or getattr(figure, "stage", "") in STAGES
    assert all(f"`{stage}`" in text for stage in STAGES)
