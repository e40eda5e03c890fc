"""Intervals have their nominal coverage, and tests their nominal false-positive rate, on simulated data.

The designs are those of `python -m tests.laws intervals`, which prints the whole table. The tolerance is four standard
errors of the simulation. Bounds, for few speakers or few errors, may have a higher coverage.
"""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.laws.__main__ import app
from tests.laws.intervals.designs import RATES, SPEAKERS, one_system, two_systems
from tests.laws.intervals.simulate import TABLES, Cell, Design, designs, simulate
from tests.laws.intervals.tables import mark, table

SETS = 400
FOUR_ERRORS = 4 * np.sqrt(0.95 * 0.05 / SETS)


@pytest.mark.parametrize(
    ("row", "counts", "speakers", "cautious"),
    [
        ("recall 0.80", "equal", 2, True),
        ("WER 1 %", "equal", 3, True),
        ("WER 15 %", "equal", 5, False),
        ("WER 15 %", "Pareto", 8, False),
        ("WER 1 %", "Pareto", 20, False),
        ("recall 0.80", "Pareto", 20, False),
        ("recall 0.98", "equal", 20, False),
        ("recall 0.98", "Pareto", 30, False),
    ],
)
def test_rates(row, counts, speakers, cautious):
    (cell,) = simulate(Design("coverage", row, counts, speakers), SETS, 1)
    assert cell.share >= 0.95 - FOUR_ERRORS
    assert cautious or cell.share <= 0.97 + FOUR_ERRORS / 2
    assert cell.answered > 0.8 * SETS


@pytest.mark.parametrize(
    ("row", "counts", "speakers"), [("p50", "equal", 8), ("p50", "Pareto", 20), ("p90", "equal", 20)]
)
def test_percentiles(row, counts, speakers):
    (cell,) = simulate(Design("percentiles", row, counts, speakers), SETS, 1)
    assert cell.share >= 0.95 - FOUR_ERRORS


def test_a_bound_says_so_and_an_interval_is_none():
    few, more = (simulate(Design("coverage", "recall 0.98", "equal", count), 100, 1)[0] for count in (5, 50))
    assert few.bounds > 80
    assert more.bounds == 0
    (tests, *_) = simulate(Design("false alarms", "recall 0.98, speakers suit both alike", "equal", 5), 40, 1)
    assert tests.method == "t by speaker"
    assert tests.answered < 20, "a bound is no test"


@pytest.mark.parametrize("counts", ["equal", "Pareto"])
def test_differences_absolute_and_relative(counts):
    for cell in simulate(Design("differences", "WER 15 %", counts, 10), SETS, 1):
        assert 0.95 - FOUR_ERRORS <= cell.share <= 0.97 + FOUR_ERRORS / 2


def test_speakers_who_suit_one_system_mislead_the_tests_that_take_utterances_as_independent():
    row = "WER 15 %, speakers suit one system"
    shares = {cell.method: cell.share for cell in simulate(Design("false alarms", row, "equal", 20), 300, 1)}
    assert shares["t by speaker"] <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)
    assert shares["MAPSSWE"] > 0.15
    assert shares["t by speaker"] < shares["MAPSSWE"]


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: rate.name)
def test_the_simulated_sets_have_the_truth_that_they_are_measured_by(rate):
    chance = np.random.default_rng(2)
    turns = one_system(chance, rate, 3000, "Pareto")
    assert turns.parts.sum() / turns.wholes.sum() == pytest.approx(rate.truth, rel=0.05)
    pair = two_systems(chance, rate, 20_000, "equal", 0.5)
    first, second = pair.parts.sum(axis=1) / pair.wholes.sum(axis=1)
    assert first == pytest.approx(second, rel=0.03), "no difference is there to find"


def test_the_command_gives_the_same_figures_for_the_same_seed_whatever_the_processes():
    def cells(*more):
        arguments = ["intervals", "--table", "percentiles", "--speakers", "5", "--sets", "20", "--json", *more]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)["cells"]

    assert cells("--jobs", "1") == cells("--jobs", "2")
    assert len(cells()) == 6
    wrong = CliRunner().invoke(app, ["intervals", "--table", "speed"])
    assert wrong.exit_code == 2
    said = " ".join(wrong.output.split())
    assert "--table speed: unknown; known: coverage, percentiles, false alarms, differences" in said


def test_the_table_marks_what_is_unusual():
    def cell(share, answered=100, kind="coverage", bounds=0):
        return Cell(Design(kind, "x", "equal", 5), "interval", 100, answered, share, None, bounds)

    assert [mark(cell(share)) for share in (0.951, 0.985, 0.921, None)] == [".951", ".985*", ".921!", "–"]
    assert [mark(cell(share, kind="false alarms")) for share in (0.05, 0.01, 0.09)] == [".050", ".010*", ".090!"]
    assert [mark(cell(0.95, answered)) for answered in (88, 40)] == [".950 (12 % –)", "–"]
    assert [mark(cell(0.985, 90, bounds=bounds)) for bounds in (5, 60)] == [".985* (10 % –, 5 % ≥)", "≥ .985"]
    assert mark(cell(0.9, bounds=80)) == "≥ .900!", "a bound must hold the truth"
    assert table([cell(0.951)], "coverage").splitlines()[-1] == "| x | equal | .951 |"
    assert {design.table for design in designs(TABLES)} == set(TABLES)
    assert {design.speakers for design in designs(TABLES)} == set(SPEAKERS)
