"""Intervals have their nominal coverage, and tests their nominal false-positive rate, on simulated data.

The designs are those of `python -m tests.laws intervals`, which prints the whole table. The tolerance on both sides of
the target range is four standard errors of the simulation. Bounds, for few speakers or few errors, may have a higher
coverage.
"""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.laws.__main__ import app
from tests.laws.intervals.designs import RATES, SPEAKERS, one_system, two_systems
from tests.laws.intervals.simulate import TABLES, Cell, Design, designs, simulate
from tests.laws.intervals.tables import ALARMED, COVERED, mark, summary, table
from voicelab.metrics.intervals import ratio_interval

SETS = 1000


def within(cell, target):
    """Whether the share of a cell is in the target range, within four standard errors."""
    low, high = target
    tolerance = 4 * np.sqrt(0.05 * 0.95 / cell.answered)
    return low - tolerance <= cell.share <= high + tolerance


@pytest.mark.parametrize(
    ("row", "counts", "speakers"),
    [
        ("WER 1 %", "equal", 5),
        ("WER 15 %", "equal", 5),
        ("WER 15 %", "equal", 8),
        ("WER 15 %", "Pareto", 8),
        ("WER 1 %", "Pareto", 20),
        ("recall 0.80", "Pareto", 20),
        ("recall 0.98", "equal", 8),
        ("recall 0.98", "equal", 20),
        ("recall 0.98", "Pareto", 20),
        ("recall 0.98", "Pareto", 30),
    ],
)
def test_rates(row, counts, speakers):
    (cell,) = simulate(Design("coverage", row, counts, speakers), SETS, 1)
    assert within(cell, COVERED)
    assert cell.answered == SETS, "more sets are drawn where some are refused"
    assert cell.sets < 2 * SETS


@pytest.mark.parametrize(("row", "speakers"), [("recall 0.80", 2), ("WER 1 %", 3), ("WER 15 %", 3)])
def test_few_speakers_have_bounds_that_hold(row, speakers):
    (cell,) = simulate(Design("coverage", row, "equal", speakers), SETS, 1)
    assert (cell.bounds, cell.share) == (SETS, None)
    assert cell.together >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / SETS)


def test_bounds_of_rare_errors_hold():
    """One error in 24 turns must not exclude a miss rate of 0.005."""
    found = ratio_interval([1] * 23 + [0], [1] * 24, [number % 8 for number in range(24)])
    assert found.method == "exact binomial, effective n"
    assert found.low < 0.995 < found.high


@pytest.mark.parametrize(
    ("row", "counts", "speakers"), [("p50", "equal", 8), ("p50", "Pareto", 20), ("p90", "equal", 20)]
)
def test_percentiles(row, counts, speakers):
    (cell,) = simulate(Design("percentiles", row, counts, speakers), SETS, 1)
    assert within(cell, COVERED)


@pytest.mark.parametrize("counts", ["equal", "Pareto"])
@pytest.mark.parametrize(
    ("row", "speakers"), [("WER 15 %, speakers suit one system", 10), ("recall 0.98, speakers suit one system", 30)]
)
def test_false_alarms(row, speakers, counts):
    (cell,) = simulate(Design("false alarms", row, counts, speakers), SETS, 1)
    assert within(cell, ALARMED)


def test_a_bound_says_so_and_an_interval_is_none():
    few, more = (simulate(Design("coverage", "recall 0.98", "equal", count), 100, 1)[0] for count in (5, 50))
    assert few.bounds > 60
    assert more.bounds == 0
    (tests,) = simulate(Design("false alarms", "recall 0.98, speakers suit both alike", "equal", 5), 40, 1)
    assert tests.answered < 20, "a bound is no test"


@pytest.mark.parametrize("counts", ["equal", "Pareto"])
def test_differences_absolute_and_relative(counts):
    for cell in simulate(Design("differences", "WER 15 %", counts, 10), SETS, 1):
        assert within(cell, COVERED)


def test_speakers_who_suit_one_system_mislead_the_tests_that_take_utterances_as_independent():
    row = "WER 15 %, speakers suit one system"
    shares = {cell.method: cell.share for cell in simulate(Design("other tests", row, "equal", 20), 200, 1)}
    (by_speaker,) = simulate(Design("false alarms", row, "equal", 20), 200, 1)
    assert by_speaker.share <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)
    assert shares["MAPSSWE"] > 0.15 > by_speaker.share


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
    assert "--table speed: unknown; known: coverage, percentiles, differences, false alarms, other tests" in said


def test_the_table_marks_what_is_unusual():
    def cell(share, answered=100, kind="coverage", bounds=0, together=0.95):
        together = None if kind == "false alarms" else together
        return Cell(Design(kind, "x", "equal", 5), "interval", 100, answered, share, bounds, together)

    assert [mark(cell(share)) for share in (0.951, 0.985, 0.921)] == [".951", ".985*", ".921!"]
    assert [mark(cell(share, kind="false alarms")) for share in (0.05, 0.01, 0.09)] == [".050", ".010*", ".090!"]
    assert [mark(cell(0.95, answered)) for answered in (88, 40)] == [".950 (12 % –)", "– (60 %)"]
    assert mark(cell(0.985, 85, bounds=5)) == ".985* (10 % –, 5 % ≥)"
    assert mark(cell(0.9, 30, bounds=60, together=0.985)) == "≥ .985 (70 %)"
    assert mark(cell(None, 0, bounds=100, together=1.0)) == "≥ 1.000"
    assert mark(cell(None, 0, "false alarms")) == "–"
    assert mark(cell(0.95, 20, bounds=80, together=0.9)) == "≥ .900! (80 %)", "a bound must hold the truth"
    assert table([cell(0.951)], "coverage").splitlines()[-1] == "| x | equal | .951 |"
    said = summary([cell(0.951), cell(0.98, together=0.98), cell(0.9, 30, bounds=70)], "coverage")
    assert said.startswith("3 cells: 1 of 2 in the target range, 1 refused.")
    assert said.endswith("in .950 to .980 of the sets.")
    assert {design.table for design in designs(TABLES)} == set(TABLES)
    assert {design.speakers for design in designs(TABLES)} == set(SPEAKERS)
