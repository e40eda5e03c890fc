"""Declarations that exist in one place are not repeated elsewhere."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import voicelab
from tests.support.sample_sets import write_set
from voicelab.datasets import voice_samples
from voicelab.metrics.attribution import STAGES
from voicelab.pipeline.stage_times import CONSECUTIVE, StageTimes
from voicelab.report import page

PROJECT = Path(__file__).parents[2]
FILES = sorted([*PROJECT.glob("voicelab/**/*.py"), *PROJECT.glob("server/**/*.py")])


def nodes(kind: type) -> Iterator[tuple[str, ast.AST]]:
    """Every node of this kind, with the file it is in."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, kind):
                yield str(path.relative_to(PROJECT)), node


@pytest.mark.parametrize(
    ("names", "home"), [(STAGES, "metrics/attribution.py"), (CONSECUTIVE, "pipeline/stage_times.py")]
)
def test_the_names_of_the_stages_are_listed_in_one_file(names, home):
    lists = [
        path for path, node in nodes(ast.Tuple)
        if tuple(one.value for one in node.elts if isinstance(one, ast.Constant)) == names
    ]  # fmt: skip
    assert set(lists) == {f"voicelab/{home}"}


def test_the_times_of_the_stages_are_declared_in_one_class():
    declared = [
        (path, {ast.unparse(one.target) for one in node.body if isinstance(one, ast.AnnAssign)})
        for path, node in nodes(ast.ClassDef)
    ]
    homes = [path for path, names in declared if StageTimes.model_fields.keys() <= names]
    assert homes == ["voicelab/pipeline/stage_times.py"]


def test_the_server_refuses_http_requests_in_one_way():
    """FastAPI's list of a validation error is the one exception."""
    made = [path for path, node in nodes(ast.Call) if ast.unparse(node.func) == "JSONResponse"]
    assert sorted(made) == ["server/app.py", "server/http/openai/transcripts.py", "server/http/refusal.py"]
    raised = {ast.unparse(node.exc.func) for _, node in nodes(ast.Raise) if isinstance(node.exc, ast.Call)}
    assert "HttpRefusal" in raised
    assert "HTTPException" not in raised


def test_a_run_and_its_report_load_the_set_once(tmp_path, monkeypatch):
    read, reads = voice_samples.read, []
    monkeypatch.setattr(voice_samples, "read", lambda path: reads.append(path) or read(path))
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    condition = "noise=white,snr_db=20"
    run = voicelab.evaluate(write_set(tmp_path), tmp_path / "runs", asr="fake", tts="fake", condition=condition)
    assert run.report().exists()
    assert len(reads) == 1
