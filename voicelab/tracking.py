"""A run in MLflow: what it was asked for as parameters, its figures as metrics, its report as an artifact."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voicelab.errors import EngineMissingError, InputError, VoicelabError
from voicelab.report import summary
from voicelab.results import RunFolder, RunResult

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "voicelab"
ARTIFACTS = ("report.html", "run.json", "summary.json", "turns.parquet")
_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "databricks")
_BATCH = 1000
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Unless the user says otherwise: MLflow tells nobody that it is used, and a dead server is given up in seconds."""


def check(uri: str) -> None:
    """Raise EngineMissingError where MLflow is not installed, InputError for an address that it does not take."""
    if find_spec("mlflow") is None or find_spec("alembic") is None:
        raise EngineMissingError("mlflow", "not installed; run: pip install 'voicelab[mlflow]'")
    if urlsplit(uri).scheme.partition("+")[0] not in _SCHEMES:
        raise InputError(
            f"--mlflow {_shown(uri)}: give a server or a database, e.g. http://host:5000 or sqlite:///mlflow.db"
        )


def log(folder: RunFolder, uri: str) -> str:
    """Log a run that has its report, and return MLflow's id of it. One that is there already is brought up to date.

    Raises VoicelabError when MLflow or its server does not do it; the run's own folder is only read.
    """
    check(uri)
    run = folder.read()
    figures = summary.read(folder.path / "summary.json")
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient
    from sqlalchemy.exc import SQLAlchemyError

    try:
        client = MlflowClient(tracking_uri=uri)
        logged = _begun(client, run)
        _figures(client, logged, run, figures.model_dump())
        for name in ARTIFACTS:
            if (folder.path / name).is_file():
                client.log_artifact(logged, str(folder.path / name))
        client.set_terminated(logged, {"finished": "FINISHED", "failed": "FAILED"}.get(run.status, "KILLED"))
    except (_mlflow_error(), SQLAlchemyError, OSError) as error:
        told = _shown(" ".join(str(error).split()))[:300]
        raise VoicelabError(
            f"MLflow at {_shown(uri)} did not take the run {run.run_id}: {told}; it is kept in {folder.path}, "
            f"to log it again: voicelab runs log {folder.path} --mlflow URI"
        ) from error
    return logged


def _shown(text: str) -> str:
    """A text with no password left in the addresses in it."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def _mlflow_error() -> type[Exception]:
    from mlflow.exceptions import MlflowException

    # Named, so that it is checked alike where MLflow is installed and where it is not.
    error: type[Exception] = MlflowException
    return error


def _begun(client: MlflowClient, run: RunResult) -> str:
    """MLflow's id of this run: the one that holds it already, else a new one."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    number = experiment.experiment_id if experiment is not None else client.create_experiment(EXPERIMENT)
    tags = {
        "voicelab.run_id": run.run_id,
        "voicelab.status": run.status,
        "voicelab.samples_sha256": run.samples_sha256,
        "voicelab.commit": run.code.commit or "",
        "voicelab.dirty": str(run.code.dirty or False),
    }
    same = f"tags.`voicelab.run_id` = '{run.run_id}' and tags.`voicelab.samples_sha256` = '{run.samples_sha256}'"
    there = client.search_runs([number], filter_string=same, max_results=1) if "'" not in run.run_id else []
    if there:
        found = str(there[0].info.run_id)
        for name, value in tags.items():
            client.set_tag(found, name, value)
        return found
    started_ms = round(1000 * run.started_at.timestamp())
    return str(client.create_run(number, start_time=started_ms, tags=tags, run_name=run.run_id).info.run_id)


def _figures(client: MlflowClient, logged: str, run: RunResult, figures: dict[str, Any]) -> None:
    from mlflow.entities import Metric, Param

    at_ms = round(1000 * time.time())
    metrics = [Metric(name, float(value), at_ms, 0) for name, value in metrics_of(figures)]
    client.log_batch(logged, params=[Param(name, value) for name, value in params_of(run)])
    for first in range(0, len(metrics), _BATCH):
        client.log_batch(logged, metrics=metrics[first : first + _BATCH])


def params_of(run: RunResult) -> Iterator[tuple[str, str]]:
    """What was asked for, and the engines as they were loaded."""
    yield from ((name, str(value)) for name, value in run.spec.model_dump().items())
    for engine in run.engines:
        yield f"{engine.kind}.name", engine.name
        yield f"{engine.kind}.revision", engine.revision
        yield from ((f"{engine.kind}.{name}", str(value)) for name, value in engine.options.items())


def metrics_of(figures: dict[str, Any], place: str = "") -> Iterator[tuple[str, float]]:
    """Every figure of a summary under its place in summary.json (`words.overall.wer`), its interval as .low and .high.

    What was not scored is left out.
    """
    for key, value in figures.items():
        name = f"{place}{re.sub(r'[^-./ _0-9A-Za-z]', '_', key)}"
        if isinstance(value, dict) and "interval" in value and "value" in value:
            if value["value"] is not None:
                yield name, value["value"]
                yield from _ends(name, value["interval"])
        elif key.endswith("_interval"):
            yield from _ends(name.removesuffix("_interval"), value)
        elif isinstance(value, dict):
            yield from metrics_of(value, f"{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and key != "format_version":
            yield name, value


def _ends(name: str, bounds: dict[str, Any] | None) -> Iterator[tuple[str, float]]:
    if bounds is not None:
        yield f"{name}.low", bounds["low"]
        yield f"{name}.high", bounds["high"]
