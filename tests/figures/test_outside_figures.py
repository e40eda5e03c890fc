"""A figure from outside the package appears wherever the shipped ones do."""

import json

import pytest
from typer.testing import CliRunner

import voicelab
from server.web.runs import view_of
from tests.support.compared_runs import ALIKE, SAID, WORSE, hears, written
from tests.support.own_figure import NAME, example, importable
from tests.support.sample_sets import samples_folder
from voicelab.analysis.compare import compare
from voicelab.analysis.mlflow import metrics_of
from voicelab.analysis.run_catalog import look
from voicelab.cli.main import app
from voicelab.errors import InputError
from voicelab.figures import Figure, Percentile, Ratio, outside
from voicelab.figures.outside import table_with
from voicelab.report import page, tables
from voicelab.runs.records import RunSpec
from voicelab.scoring import summary_file

TITLE = "answers of more than ten words"


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two runs; the second answers at length."""
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    folders = []
    for name, heard, answer in (("a", ALIKE, "It is at ten."), ("b", WORSE, "It is at " + "ten " * 12)):
        result, turns = hears(SAID, heard, run_id=name, speakers="abcde")
        turns = [turn.model_copy(update={"answer": answer}) for turn in turns]
        written(tmp_path / name, (result, turns))
        folders.append(tmp_path / name)
    return folders


def test_the_example_is_short_and_needs_one_line_besides():
    assert len(example().splitlines()) <= 25


def test_the_report_gate_and_compare_find_it(two, tmp_path, monkeypatch):
    named = importable(tmp_path, monkeypatch)
    shown = run("report", two[1], "--figure", named)
    assert (shown.exit_code, TITLE in shown.output) == (0, True), shown.output
    summary = summary_file.read(two[1] / "summary.json")
    assert summary.figures[NAME].value == 1.0
    assert summary.by["speaker"]["a"][NAME].value == 1.0
    assert TITLE in (two[1] / "report.html").read_text()
    assert TITLE in tables.figures_frame(summary).index
    assert dict(metrics_of(summary))[NAME] == 1.0
    view = view_of(look(two[1]))
    assert next(figure for figure in view.figures if figure.name == NAME).title == TITLE
    assert "long" in run("runs", "list", "--out", tmp_path).output

    missed = run("gate", two[1], "--figure", named, "--max", f"{NAME}=0.5")
    assert (missed.exit_code, f"{NAME} ≤ 0.5" in missed.output) == (1, True)
    assert run("gate", two[0], "--figure", named, "--max", f"{NAME}=0.5").exit_code == 0
    worse = run("gate", two[1], "--figure", named, "--baseline", two[0], "--no-worse", NAME)
    assert (worse.exit_code, "0 to 1, +1" in worse.output) == (1, True), worse.output
    assert run("gate", two[0], "--max", f"{NAME}=0.5").exit_code == 2, "nobody said where it comes from"

    differences = json.loads(run("compare", *two, "--figure", named, "--json").stdout)["differences"]
    assert {row["figure"]: row["difference"] for row in differences}[NAME] == 1.0
    assert NAME in run("compare", *two, "--figure", named).output


def test_python_takes_objects_and_classes(two):
    class Questions:
        """The share of references that are questions."""

        name, title, short, better = "questions", "questions asked", "questions", "higher"
        value = Ratio("questions", "turns")

        def counts(self, score):
            return {"questions": int(score.turn.text.startswith("what")), "turns": 1}

    longest = Percentile(
        name="longest_answer", title="longest answer", short="longest", unit="number", quantile=None,
        sample=lambda score: len((score.turn.answer or "").split()),
    )  # fmt: skip
    summary = voicelab.summarize(two[1], figures=[Questions, longest])
    assert 0 <= summary.figures["questions"].value <= 1
    assert summary.figures["longest_answer"].value == 15
    assert summary.labels["questions"].title == "questions asked"
    pairs = compare(two, figures=[Questions(), longest]).pairs()
    assert {"questions", "longest_answer"} <= set(pairs["figure"])


def test_evaluate_leaves_it_in_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    silent = Figure(
        name="unheard", title="turns in which nothing was heard", short="unheard", better="lower",
        counts=lambda score: {"unheard": int(score.turn.heard == ""), "turns": 1}, value=Ratio("unheard", "turns"),
    )  # fmt: skip
    spec = RunSpec(samples=str(samples_folder()), asr="fake", agent="rules", tts="fake", target="in-process", limit=2)
    folder, _ = voicelab.evaluate(spec, tmp_path, run_id="r", figures=[silent])
    summary = summary_file.read(folder.path / "summary.json")
    assert summary.figures["unheard"].value == 0
    assert summary.figures["action_changes"].n == 2, "a run made in Python has its attribution too"
    assert (folder.path / "report.html").is_file()


def test_an_installed_package_makes_its_figures_known(two, tmp_path, monkeypatch):
    importable(tmp_path, monkeypatch, module="installed_figures")
    metadata = tmp_path / "installed_figures-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: installed-figures\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[voicelab.figures]\n{NAME} = installed_figures:FIGURE\n")
    outside._installed.cache_clear()
    try:
        assert run("gate", two[1], "--max", f"{NAME}=0.5").exit_code == 1
        assert NAME in set(compare(two).pairs()["figure"])
        assert voicelab.summarize(two[0]).figures[NAME].value == 0
    finally:
        monkeypatch.undo()
        outside._installed.cache_clear()


class Nameless:
    title, short, better = "t", "s", "lower"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing_of_that_name:FIGURE", "cannot be imported"),
        ("json:FIGURE", "module 'json' has no attribute 'FIGURE'"),
        ("json", "name an object of an installed module"),
        ("json:loads", "is not a figure: it lacks"),
        (Nameless, "it lacks name, counts, value"),
        (
            Figure(name="wer", title="t", short="s", better="lower", counts=len, value=len),
            "a figure named 'wer' already",
        ),
        (Figure(name="A b", title="t", short="s", better="lower", counts=len, value=len), "use lower-case letters"),
        (Figure(name="x", title="t", short="s", better="up", counts=len, value=len), "write lower or higher"),
    ],
    ids=str,
)
def test_what_is_no_figure_is_refused_with_the_way_out(given, said):
    with pytest.raises(InputError, match=said):
        table_with([given])


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (lambda score: 1 / 0, "its counts failed: ZeroDivisionError"),
        (lambda score: 3, "must be a mapping"),
        (lambda score: {score.turn.key: 1}, "every turn must return the same counts"),
    ],
    ids=["it fails", "it gives a number", "it gives other names"],
)
def test_a_figure_that_fails_is_named(two, counts, said):
    broken = Figure(name="broken", title="t", short="s", better="lower", counts=counts, value=Ratio("a", "b"))
    with pytest.raises(InputError, match=f"figure broken: .*{said}"):
        voicelab.summarize(two[0], figures=[broken])
