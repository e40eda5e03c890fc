"""Log a run to MLflow: its specification as parameters, its figures as metrics, its report as an artifact."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from voicelab.analysis.mlflow_names import earlier_name, escape
from voicelab.errors import EngineMissingError, InputError, VoicelabError, without_user
from voicelab.runs import file_errors
from voicelab.runs.records import RunFolder, RunResult
from voicelab.scoring import summary_file
from voicelab.scoring.schema import Measured, Summary

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "voicelab"
ARTIFACTS = ("report.html", "run.json", "summary.json", "turns.parquet")
_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "databricks")
_BATCH = 1000
_LONGEST_PARAM = 6000
_SUPERSEDED = "voicelab.superseded_by"
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Default environment: MLflow's telemetry is off, and an unreachable server fails within seconds."""


def check(uri: str) -> None:
    """Raise EngineMissingError if MLflow is not installed, InputError for an unusable address.

    An address is unusable if MLflow does not know its scheme, or if it is an SQLite database in memory or in a folder
    that does not exist.
    """
    if find_spec("mlflow") is None or find_spec("alembic") is None:
        raise EngineMissingError("mlflow", "not installed; run: pip install 'voicelab[mlflow]'")
    parts = _parts(uri)
    scheme = parts.scheme.partition("+")[0]
    if scheme not in _SCHEMES:
        raise InputError(
            f"--mlflow {without_user(uri)}: give a server or a database, e.g. http://host:5000 or sqlite:///mlflow.db"
        )
    if scheme == "sqlite":
        _check_sqlite(uri, parts)


def _parts(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # raises ValueError for an invalid port
    except ValueError as error:
        raise InputError(f"--mlflow {without_user(uri)}: {error}") from error
    return parts


def _check_sqlite(uri: str, parts: SplitResult) -> None:
    file = parts.path.removeprefix("/")
    in_memory = not file or ":memory:" in file or "mode=memory" in parts.query
    if in_memory and not parts.netloc:
        raise InputError(f"--mlflow {uri}: stores nothing; name a file, e.g. sqlite:///mlflow.db")
    if parts.netloc or not parts.path.startswith("/"):
        raise InputError(
            f"--mlflow {without_user(uri)}: SQLite needs a file after three slashes, e.g. sqlite:///mlflow.db"
        )
    file_errors.check_folder("--mlflow", Path(file.removeprefix("file:")).parent, must_exist=True)


def log(folder: RunFolder, uri: str) -> str:
    """Log a run that has a report, and return the id of its MLflow run.

    A run that was logged before is updated. MLflow does not allow parameters to change, so if one has changed, a new
    MLflow run is created and the old one is tagged `voicelab.superseded_by`. Raises VoicelabError if MLflow or its
    server fails. The run's folder does not change.
    """
    check(uri)
    run = folder.read()
    summary = summary_file.read(folder.path / summary_file.FILE_NAME)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    mlflow_error: type[Exception] = MlflowException  # for mypy, the same type with and without MLflow
    try:
        client = MlflowClient(tracking_uri=uri)
        logged = _begun(client, run)
        _figures(client, logged, run, summary)
        for name in ARTIFACTS:
            if (folder.path / name).is_file():
                client.log_artifact(logged, str(folder.path / name))
        client.set_terminated(logged, {"finished": "FINISHED", "failed": "FAILED"}.get(run.status, "KILLED"))
    except (mlflow_error, SQLAlchemyError, OSError) as error:
        reason = without_user(" ".join(str(error).split()))[:300]
        raise VoicelabError(
            f"MLflow at {without_user(uri)} did not accept the run {run.run_id}: {reason}; it is in {folder.path}, "
            f"to log it again: voicelab runs log {folder.path} --mlflow URI"
        ) from error
    return logged


def _begun(client: MlflowClient, run: RunResult) -> str:
    """The id of the MLflow run for this run: the existing one, else a new one."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    number = experiment.experiment_id if experiment is not None else client.create_experiment(EXPERIMENT)
    tags = {
        "voicelab.run_id": run.run_id,
        "voicelab.status": run.status,
        "voicelab.samples_sha256": run.samples_sha256,
        "voicelab.commit": run.code.commit or "",
        "voicelab.dirty": str(run.code.dirty or False),
    }
    there = _logged_before(client, number, run)
    # MLflow does not allow a logged parameter to change.
    if there is not None and all(there.data.params.get(name, value) == value for name, value in params_of(run)):
        found = str(there.info.run_id)
        for name, value in tags.items():
            client.set_tag(found, name, value)
        return found
    started_ms = round(1000 * run.started_at.timestamp())
    made = str(client.create_run(number, start_time=started_ms, tags=tags, run_name=run.run_id).info.run_id)
    if there is not None:
        client.set_tag(there.info.run_id, _SUPERSEDED, made)
    return made


def _logged_before(client: MlflowClient, experiment: str, run: RunResult) -> Any:
    """The existing MLflow run for this run, or None.

    Ids are compared here, because MLflow's filters cannot express an id with both kinds of quotes.
    """
    same_set = f"tags.`voicelab.samples_sha256` = '{run.samples_sha256}'"
    token = None
    while True:
        page = client.search_runs([experiment], filter_string=same_set, page_token=token)
        for one in page:
            if one.data.tags.get("voicelab.run_id") == run.run_id and _SUPERSEDED not in one.data.tags:
                return one
        token = page.token
        if not token:
            return None


def _figures(client: MlflowClient, logged: str, run: RunResult, summary: Summary) -> None:
    from mlflow.entities import Metric, Param

    at_ms = round(1000 * time.time())
    metrics = [Metric(name, float(value), at_ms, 0) for name, value in metrics_of(summary)]
    client.log_batch(logged, params=[Param(name, value) for name, value in params_of(run)])
    for first in range(0, len(metrics), _BATCH):
        client.log_batch(logged, metrics=metrics[first : first + _BATCH])


def params_of(run: RunResult) -> Iterator[tuple[str, str]]:
    """The specification, and the engines as loaded. Values longer than MLflow allows are cut."""
    params: list[tuple[str, object]] = list(run.spec.model_dump().items())
    for engine in run.engines:
        known = (("name", engine.name), ("revision", engine.revision), *engine.options.items())
        params += [(f"{engine.kind}.{name}", value) for name, value in known]
    return ((name, str(value)[:_LONGEST_PARAM]) for name, value in params)


def metrics_of(summary: Summary) -> Iterator[tuple[str, float]]:
    """Every figure with a value by its name (`wer`), its interval as .low and .high, and its number of turns as .n.

    Each is also logged under its name in earlier versions, if it had one (`words.overall.wer`). Figures of a group are
    named `category.NAME.wer`; names of categories and speakers are escaped (`mlflow_names.escape`). Counts of turns are
    `turns.answered` and so on.
    """
    for name, one in summary.figures.items():
        yield from _measured(one, name, earlier_name(name))
    for grouping, members in summary.by.items():
        for member, figures in members.items():
            for name, one in figures.items():
                place = f"{grouping}.{escape(member)}.{name}"
                yield from _measured(one, place, earlier_name(name, grouping, member))
    for name, count in summary.turns.model_dump(exclude={"failures"}).items():
        yield f"turns.{name}", count
    for code, count in summary.turns.failures.items():
        yield f"turns.failures.{escape(code)}", count


def _measured(one: Measured, *names: str | None) -> Iterator[tuple[str, float]]:
    for name in names:
        if one.value is None or name is None:
            continue
        yield name, one.value
        yield f"{name}.n", one.n
        if one.interval is not None:
            yield f"{name}.low", one.interval.low
            yield f"{name}.high", one.interval.high
