"""Notebooks run in any kernel, check their parameters, and are committed without outputs."""

import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.sign import NotebookNotary
from papermill.exceptions import PapermillExecutionError

from tests.support.made_runs import made_run
from tests.support.sample_sets import samples_folder
from voicelab.analysis.api.loading import newest_on_one_set
from voicelab.analysis.sweep.running import spec_of as sweep_spec
from voicelab.errors import EngineError, EngineMissingError, InputError, ServerError, VoicelabError
from voicelab.paths import PROJECT, shipped
from voicelab.runs import notebook
from voicelab.runs.notebook import ParameterGuard, execute, parameters_of, reports_folder, run_spec
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.scoring import counterfactual_file

NOTEBOOKS = sorted(shipped("notebooks").glob("*.ipynb"))
FAKE = RunSpec(samples=str(samples_folder()), asr="fake", agent="rules", tts="fake", target="in-process", limit=6)
SETTLED = FAKE.model_copy(update={"normalizer": "english", "language": "en"})


def outputs(path):
    return [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]


def shown_text(path):
    return json.dumps([output.get("data") or output.get("text") for output in outputs(path)], ensure_ascii=False)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """The folder of a run that the notebook made with fake engines, and the reported progress."""
    folder = RunFolder(tmp_path_factory.mktemp("reports") / "nb {run}")
    told = []
    target = execute("evaluate", folder.path, parameters_of(FAKE, folder), lambda *progress: told.append(progress))
    assert target == folder.path / "evaluate.ipynb"
    return folder, told


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebooks_carry_no_outputs(path):
    document = nbformat.read(path, 4)
    nbformat.validate(document)
    for cell in document.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
    assert document.metadata.kernelspec.name == "python3"
    assert set(document.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebooks_guard_knows_what_papermill_knows(path):
    """The names are listed twice, in the parameters cell and for the guard before it; they must be the same."""
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert "parameters" in cells[1].metadata.tags
    guards = []

    def recorded(namespace, known, notebook):
        guards.append((set(known), notebook))

    space = {}
    exec(cells[0].source.replace("notebook.ParameterGuard", "recorded"), space | {"recorded": recorded})
    assert guards == [(set(papermill.inspect_notebook(str(path))), path.name)]


def test_evaluate_leaves_a_whole_run(evaluated):
    folder, told = evaluated
    names = {path.name for path in folder.path.iterdir()}
    assert names >= {"run.json", "turns.jsonl", "turns.parquet", "summary.json", "report.html", "evaluate.ipynb"}
    assert len(counterfactual_file.read(folder.path).turns) == folder.read().planned_turns
    run = folder.read()
    assert (run.status, run.spec, run.run_id) == ("finished", SETTLED, "nb {run}")
    assert told[-1] == (run.planned_turns, run.planned_turns)
    assert told == sorted(set(told))


def test_the_executed_notebook_shows_figures_that_name_their_run(evaluated):
    folder, _ = evaluated
    found = outputs(folder.path / "evaluate.ipynb")
    assert not [output for output in found if output.output_type == "error" or output.get("name") == "stderr"]
    assert sum("image/png" in output.get("data", {}) for output in found) == 7
    text = shown_text(folder.path / "evaluate.ipynb")
    for title in ("Word errors by category", "Word errors by speaker", "Entities", "Entities by class", "Scenarios",
                  "Latency", "Losses by stage", "Turns whose action changes with recognition errors"):  # fmt: skip
        assert f"{title}, run nb {{run}}" in text
    assert "turns of run nb {run}" in text
    assert "data:audio/ogg;base64," in text
    # One bar, not one for each turn.
    assert sum("turns" in output.get("data", {}).get("text/plain", "") for output in found) == 2


def test_a_stopped_run_is_taken_up_where_it_was(evaluated, tmp_path):
    folder = RunFolder(tmp_path / "stopped")
    shutil.copytree(evaluated[0].path, folder.path)
    lines = (folder.path / "turns.jsonl").read_text().splitlines(keepends=True)
    (folder.path / "turns.jsonl").write_text("".join(lines[:4]))
    folder.write(folder.read().model_copy(update={"status": "running", "finished_at": None}))
    told = []
    execute("evaluate", folder.path, {"resume": str(folder.path)}, lambda *progress: told.append(progress))
    assert (folder.path / "turns.jsonl").read_text().startswith("".join(lines[:4]))
    assert (folder.read().status, folder.read().resumed, len(folder.turns())) == ("finished", 1, len(lines))
    assert (told[0], told[-1]) == ((4, len(lines)), (len(lines), len(lines)))


def test_explore_plays_a_category(tmp_path):
    path = execute("explore", tmp_path, {"category": "other", "sample_id": "price_aapl"})
    assert not [output for output in outputs(path) if output.output_type == "error" or output.get("name") == "stderr"]
    text = shown_text(path)
    assert "other_music" in text
    assert "data:audio/ogg;base64," in text
    assert sum("image/png" in output.get("data", {}) for output in outputs(path)) == 1


def test_robustness_makes_a_sweep_and_opens_it_again(tmp_path):
    given = {"asr": "fake:text=news about apple", "tts": "fake", "limit": 2, "draws": 50, "out": str(tmp_path)}
    axes = {"snr": [20, 0], "noise": ["pink"], "bitrate": [], "loss": []}
    path = execute("robustness", tmp_path / "made", given | axes | {"sweep_id": "s"})
    lines = (tmp_path / "s" / "pink-0dB" / "turns.jsonl").read_bytes()
    again = execute("robustness", tmp_path / "again", {"sweep": str(tmp_path / "s"), "sample_id": "price_aapl"})
    for one in (path, again):
        assert not [found for found in outputs(one) if found.output_type == "error" or found.get("name") == "stderr"]
        assert sum("image/png" in found.get("data", {}) for found in outputs(one)) == 1
        text = shown_text(one)
        for title in ("Breakpoints, sweep s", "Points, sweep s", "pink noise at 0 dB SNR"):
            assert title in text
        assert text.count("data:audio/ogg;base64,") == 3
    assert "price_aapl under 3 conditions" in shown_text(again)
    assert (tmp_path / "s" / "pink-0dB" / "turns.jsonl").read_bytes() == lines


def test_an_unknown_parameter_is_refused_before_anything_starts(tmp_path):
    with pytest.raises(InputError, match=r"unknown parameter 'asrr'; its parameters: agent, asr, categories") as caught:
        execute("evaluate", tmp_path / "run", {"asrr": "fake"})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
    known = "audit, compare, evaluate, explore, many_runs, own_components, robustness, study"
    with pytest.raises(InputError, match=f"unknown notebook 'nope'; known: {known}"):
        execute("nope", tmp_path, {})


def test_plain_papermill_refuses_an_unknown_parameter_too(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    given = {"asrr": "fake", "out": str(tmp_path), "target": "in-process", "asr": "fake", "tts": "fake"}
    source, target = shipped("notebooks") / "evaluate.ipynb", tmp_path / "out.ipynb"
    with pytest.raises(PapermillExecutionError) as caught:
        papermill.execute_notebook(str(source), str(target), parameters=given, progress_bar=False)
    assert caught.value.ename == "InputError"
    assert "evaluate.ipynb: unknown parameter 'asrr'; its parameters: agent, asr" in caught.value.evalue
    assert not list(tmp_path.glob("*/run.json"))


def test_a_failing_notebook_raises_its_own_error_and_is_kept(tmp_path):
    given = parameters_of(FAKE, RunFolder(tmp_path / "run")) | {"asr": "nope"}
    with pytest.raises(InputError, match=r"^unknown asr engine 'nope'; known: "):
        execute("evaluate", tmp_path / "run", given)
    assert "InputError" in [
        output.ename for output in outputs(tmp_path / "run" / "evaluate.ipynb") if "ename" in output
    ]


@pytest.mark.parametrize(
    ("name", "text", "kind", "shown"),
    [
        ("EngineMissingError", "sensevoice: run\n pip", EngineMissingError, "sensevoice: run pip"),
        ("EngineError", "it broke", EngineError, "evaluate.ipynb: it broke"),
        ("ServerError", "internal: it broke", ServerError, "internal: it broke"),
        ("InputError", "mend: it", InputError, "mend: it"),
        ("ZeroDivisionError", "division by zero", VoicelabError, "evaluate.ipynb: ZeroDivisionError: division by zero"),
        ("Any", "not an error", VoicelabError, "evaluate.ipynb: Any: not an error"),
    ],
)  # fmt: skip
def test_errors_keep_their_class_and_text(name, text, kind, shown):
    error = notebook._as_raised(name, text, "evaluate.ipynb")
    assert (type(error), str(error)) == (kind, shown)


def test_a_kernel_of_the_same_name_elsewhere_is_not_taken(tmp_path, monkeypatch):
    """Regression: the user's kernelspec python3 was started instead of this interpreter."""
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": ["/bin/false", "{connection_file}"], "display_name": "no", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    manager = notebook._own_kernel(tmp_path)(kernel_name="python3")
    assert manager.kernel_spec.argv[0] == sys.executable


def test_a_fault_of_the_progress_is_raised(tmp_path):
    def broken(done, total):
        raise ValueError(f"no bar for {done} of {total}")

    folder = RunFolder(tmp_path)
    folder.write(made_run())
    with pytest.raises(ValueError, match="no bar for 0 of 4"), notebook._watched(folder, broken):
        pass


class TestParameterGuard:
    def test_looks_at_the_cell_that_papermill_adds(self):
        space = {"In": ["", "guard = ..."]}
        guard = ParameterGuard(space, {"asr", "mode"}, "n.ipynb")
        space["In"] += ["import pandas as pd\nmine = 3", "# Parameters\nasr = 'fake'\n"]
        guard.check(space)
        space["In"].append("# Parameters\nlimt = 3\n")
        with pytest.raises(InputError, match=r"n\.ipynb: unknown parameter 'limt'; its parameters: asr, mode"):
            guard.check(space)

    def test_lets_cells_of_ipython_be(self):
        guard = ParameterGuard({}, {"asr"}, "n.ipynb")
        guard.check({"summary": 2})
        guard.check({"In": ["# Parameters\n%matplotlib inline"]})


def test_an_executed_notebook_is_trusted(evaluated):
    notary = NotebookNotary()
    assert notary.check_signature(nbformat.read(evaluated[0].path / "evaluate.ipynb", 4))
    notary.store.close()


def test_a_recognizer_and_a_figure_in_cells_and_many_runs(tmp_path):
    given = {"limit": 2, "out": str(tmp_path), "run_id": "own"}
    shown = shown_text(execute("own_components", tmp_path / "nb", given))
    assert re.search(r"\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\], 2 turns", shown)
    many = execute("many_runs", tmp_path / "nb", {"runs": str(tmp_path / "*")})
    assert "Constant" in shown_text(many)
    assert sum("image/png" in found.get("data", {}) for found in outputs(many)) == 1


def test_a_study_decides_by_the_difference_of_two_runs(tmp_path):
    given = {"asr": "fake:text=what is the price of apple", "tts": "fake", "pilot_limit": 6, "limit": 6}
    shown = shown_text(execute("study", tmp_path / "nb", given | {"out": str(tmp_path / "runs")}))
    assert re.search(r"difference of wer: \+0\.000 \[.*\]: ", shown)
    assert "image/png" in shown
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_the_newest_runs_on_one_set_are_compared(tmp_path):
    with pytest.raises(InputError, match="only 0 finished runs on the same set, but a comparison needs 2"):
        newest_on_one_set(tmp_path)


def test_relative_paths_are_found_in_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert notebook.found_path("data/voice_samples") == PROJECT / "data/voice_samples"
    (tmp_path / "data" / "voice_samples").mkdir(parents=True)
    assert notebook.found_path("data/voice_samples") == Path("data/voice_samples")


def test_parameters_become_a_spec():
    assert run_spec(mode="realtime", categories=["other"]).samples == str(shipped("voice_samples"))
    assert run_spec(samples="mine", asr=None).asr is None
    with pytest.raises(InputError, match="parameter limit: must be a whole number, not 'many'"):
        run_spec(limit="many")
    with pytest.raises(InputError, match="parameter mode: must be 'burst' or 'realtime', not 'bursty'"):
        run_spec(mode="bursty")
    base = run_spec(asr="fake", tts="fake", target="in-process")
    with pytest.raises(InputError, match="parameter noise: noise must be 'white', 'pink' or 'babble'"):
        sweep_spec(base=base, noise=["brown"], snr_db=[20, 0])
    given = parameters_of(FAKE, RunFolder(Path("kept/here")))
    assert [given.pop(name) for name in ("out", "run_id", "resume", "figures")] == ["kept", "here", None, []]
    assert run_spec(**given) == FAKE


def test_runs_are_kept_in_the_checkout_unless_told_otherwise():
    assert reports_folder() == PROJECT / "reports"
    assert reports_folder("elsewhere") == Path("elsewhere")
