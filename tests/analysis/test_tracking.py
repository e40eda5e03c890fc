"""A run is logged to a real MLflow store completely and once, and failures of MLflow do not affect the run."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.support.logged_runs import make
from tests.support.made_runs import VARIED, made_run, summarize_turns
from tests.support.required import needs
from tests.support.sample_sets import samples_folder
from voicelab.analysis import mlflow
from voicelab.errors import InputError
from voicelab.runs.records import RunFolder

HERE = importlib.util.find_spec("mlflow") is not None and importlib.util.find_spec("alembic") is not None
needs_mlflow = needs("mlflow", present=HERE, reason="MLflow is not installed: pip install 'voicelab[mlflow]'")
READ = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
found = []
for run in client.search_runs([client.get_experiment_by_name("voicelab").experiment_id]):
    files = sorted(file.path for file in client.list_artifacts(run.info.run_id))
    found.append({"name": run.info.run_name, "status": run.info.status, "files": files, "params": run.data.params,
                  "metrics": run.data.metrics, "tags": run.data.tags})
print(json.dumps(found))
"""
SEVERAL = """
import json, sys
from voicelab.cli.main import app
for arguments in json.loads(sys.argv[1]):
    app(arguments, standalone_mode=False)
"""
"""Several commands in one process, because importing MLflow takes longer than what they do."""


def voicelab(*arguments, folder, program="from voicelab.cli.main import app; app()"):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One for both tests, because MLflow takes seconds to make the tables of a new one."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


def stored(store, name, folder):
    """The runs of that name in the store."""
    return [row for row in json.loads(voicelab(store, folder=folder, program=READ).stdout) if row["name"] == name]


@needs_mlflow
def test_a_run_is_in_the_store_whole_and_once(store, tmp_path):
    engines = ["--in-process", "--asr", "fake", "--tts", "fake", "--limit", 2]
    where = ["--samples", samples_folder(), "--run-id", "r", "--mlflow", store]
    done = voicelab("evaluate", *engines, *where, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = RunFolder(tmp_path / "reports" / "r")
    again = voicelab("runs", "log", "r", "--mlflow", store, folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1], "the same run of MLflow"
    (found,) = stored(store, "r", tmp_path)
    run, summary = folder.read(), json.loads((folder.path / "summary.json").read_text())
    assert found["status"] == "FINISHED"
    assert found["files"] == sorted(mlflow.ARTIFACTS)
    assert found["tags"]["voicelab.samples_sha256"] == run.samples_sha256
    assert found["tags"]["voicelab.commit"] == (run.code.commit or "")
    assert (found["params"]["asr"], found["params"]["seed"], found["params"]["agent.name"]) == ("fake", "0", "rules")
    wer = summary["figures"]["wer"]
    assert found["metrics"]["wer"] == pytest.approx(wer["value"])
    assert found["metrics"]["wer.high"] == pytest.approx(wer["high"])


@needs_mlflow
def test_a_server_that_is_not_there_does_not_lose_the_run(tmp_path):
    make(tmp_path, "r")
    done = voicelab("runs", "log", "r", "--out", tmp_path, "--mlflow", "http://me:secret@127.0.0.1:9", folder=tmp_path)
    assert done.returncode == 1
    assert "MLflow at http://127.0.0.1:9 did not accept the run r" in done.stderr
    assert "to log it again: voicelab runs log" in done.stderr
    assert "secret" not in done.stderr
    assert RunFolder(tmp_path / "r").read().status == "finished"


def test_a_missing_package_and_a_bad_address_are_told_before_anything_runs(tmp_path, monkeypatch):
    program = "import sys; sys.modules['mlflow'] = None; from voicelab.analysis import mlflow as tracking\n" + (
        "tracking.find_spec = lambda name: None\nfrom voicelab.cli.main import app; app()"
    )
    engines = ["--in-process", "--asr", "fake", "--tts", "fake", "--limit", 2]
    done = voicelab("evaluate", *engines, "--mlflow", "sqlite:///a.db", folder=tmp_path, program=program)
    assert done.returncode == 2
    assert done.stderr == "error: mlflow: not installed; run: pip install 'voicelab[mlflow]'\n"
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(mlflow, "find_spec", lambda name: name)
    for address in ("mlruns", "file:///tmp/runs", "klingon://x", ""):
        with pytest.raises(InputError, match="give a server or a database"):
            mlflow.check(address)
    for address in (
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+pysqlite://",
        "sqlite:///file:x?mode=memory&uri=true",
    ):
        with pytest.raises(InputError, match="stores nothing; name a file"):
            mlflow.check(address)
    for address in (
        "sqlite:///../nowhere/a.db",
        "sqlite://a.db",
        "http://host:99999",
        "http://host:x",
        "sqlite:///no/folder/a.db",
    ):
        with pytest.raises(InputError, match="--mlflow"):
            mlflow.check(address)
    for address in ("sqlite:///a.db", "postgresql+psycopg://host/a", "https://host"):
        mlflow.check(address)


def test_every_figure_is_a_metric_and_what_was_not_scored_is_none():
    figures = summarize_turns(made_run(), VARIED, {"AAPL": ("Apple",)}, ())
    metrics = dict(mlflow.metrics_of(figures))
    for name, one in figures.figures.items():
        assert metrics.get(name) == one.value
        assert (metrics.get(f"{name}.low"), metrics.get(f"{name}.high")) == (one.low, one.high)
    assert figures.figures["turn_s.p50"].interval is None, "too few turns"
    assert metrics["category.news.wer"] == figures.by["category"]["news"]["wer"].value
    assert metrics["turns.answered"] == 4
    assert "action_changes" not in metrics
    assert all(isinstance(value, int | float) for value in metrics.values())
    odd = [turn.model_copy(update={"category": "a $ b"}) for turn in VARIED]
    again = dict(mlflow.metrics_of(summarize_turns(made_run(), odd, {"AAPL": ("Apple",)}, ())))
    assert again["category.a _U24_ b.wer"] == figures.figures["wer"].value


def log_twice(folder, store):
    command = json.dumps([["runs", "log", str(folder.path), "--mlflow", store]] * 2)
    done = voicelab(command, folder=folder.path.parent, program=SEVERAL)
    assert done.returncode == 0, done.stderr
    return [line.split()[-1] for line in done.stdout.splitlines()]


@needs_mlflow
def test_one_run_of_mlflow_for_each_run_whatever_its_id_and_its_parameters(store, tmp_path):
    name = 'it\'s "a"; 50 % \\ run'
    folder = make(tmp_path, name)
    first, again = log_twice(folder, store)
    assert first == again
    run = folder.read()
    folder.write(run.model_copy(update={"spec": run.spec.model_copy(update={"agent": "other"})}))
    changed, after = log_twice(folder, store)
    assert changed == after != first
    rows = stored(store, name, tmp_path)
    found = {row["params"]["agent"]: row for row in rows}
    assert len(rows) == 2
    assert found["rules"]["tags"]["voicelab.superseded_by"] == changed
    assert "voicelab.superseded_by" not in found["other"]["tags"]
