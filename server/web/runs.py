"""The runs under REPORTS_DIR: what they measured, and their reports."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse

from server.http.api import SharedServices
from server.messages import Name
from voicelab.errors import InputError
from voicelab.runs import lock
from voicelab.runs.records import RunFolder

router = APIRouter()

# A report is one file with its own script and sounds. Sandboxed, it can run them and reach nothing of the page.
_REPORT_HEADERS = {
    "Content-Security-Policy": "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; media-src data:; font-src data:; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class FigureView(BaseModel):
    """A measured figure with its 95 % interval; value is null where nothing was scored."""

    model_config = ConfigDict(allow_inf_nan=False)

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None


class RunView(BaseModel):
    """A run, newest first; problem says what keeps a folder from being read."""

    run_id: str
    status: str
    started_at: datetime | None = None
    engines: list[str] = []
    mode: str | None = None
    turns: int | None = None
    figures: list[FigureView] = []
    has_report: bool = False
    problem: str | None = None


def _folders(services: SharedServices) -> list[Path]:
    """The folders that hold a run. A name from outside is only ever compared with theirs, never made a path."""
    reports = services.settings.reports_dir
    if not reports.is_dir():
        return []
    return [path for path in reports.iterdir() if _may_hold_a_run(path)]


def _may_hold_a_run(path: Path) -> bool:
    """Whether there is a run.json, or no way to know: a folder that cannot be looked into is listed with the reason."""
    try:
        return (path / "run.json").is_file()
    except OSError:
        return True


Folders = Annotated[list[Path], Depends(_folders)]


@router.get("/app/api/runs", summary="The runs under REPORTS_DIR")
async def listing(folders: Folders, services: SharedServices) -> list[RunView]:
    return await services.pools.files.run(lambda: views_of(folders))


def views_of(folders: list[Path]) -> list[RunView]:
    """The runs in these folders, the latest first, those that cannot be read last."""
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(map(_view, folders), key=lambda view: view.started_at or oldest, reverse=True)


@router.get("/app/reports/{run_id}", summary="A run's report", response_class=FileResponse)
async def report(run_id: Name, folders: Folders) -> FileResponse:
    found = next((folder for folder in folders if folder.name == run_id), None)
    if found is None or not _has_report(found):
        raise HTTPException(404, detail=f"there is no report of a run {run_id}")
    return FileResponse(found / "report.html", media_type="text/html", headers=_REPORT_HEADERS)


def _has_report(path: Path) -> bool:
    """Whether the run's folder holds a report: itself, not a link that leads out of it."""
    report = path / "report.html"
    try:
        return report.is_file() and report.resolve().is_relative_to(path.resolve())
    except OSError:
        return False


def _view(path: Path) -> RunView:
    # Bytes in a name that are not UTF-8 cannot stand in JSON.
    run_id = os.fsencode(path.name).decode("utf-8", "replace")
    try:
        return _readable(path, run_id)
    except (InputError, OSError) as error:
        reason = str(error) if isinstance(error, InputError) else f"{run_id}: cannot be read: {error.strerror}"
        # Where the folder lies on the server is nobody's business.
        problem = reason.replace(f"{path}/", "").encode(errors="replace").decode()
        return RunView(run_id=run_id, status="unreadable", has_report=_has_report(path), problem=problem)


def _readable(path: Path, run_id: str) -> RunView:
    """A run whose run.json can be read. Raises InputError or OSError otherwise."""
    run = RunFolder(path).read()
    return RunView(
        run_id=run_id,
        status="stopped" if run.status == "running" and not lock.is_held(path) else run.status,
        started_at=run.started_at,
        engines=[engine.name for engine in run.engines],
        mode=run.spec.mode,
        turns=run.planned_turns,
        figures=_figures(path / "summary.json"),
        has_report=_has_report(path),
    )


_FIGURES = {
    "WER": ("words", "overall", "wer"),
    "CER": ("words", "overall", "cer"),
    "entity recall, heard": ("entities", "surface_heard"),
    "entity recall, answered": ("entities", "surface_answered"),
    "intent accuracy": ("intents", "accuracy"),
    "scenarios passed": ("scenarios", "success"),
}
_STAGES = {"first sound p50 (s)": ("first_audio_s", "p50"), "first sound p95 (s)": ("first_audio_s", "p95")}


def _figures(path: Path) -> list[FigureView]:
    """The headline of summary.json; none of it where there is none that can be read."""
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        rates = [_figure(name, _at(summary, place)) for name, place in _FIGURES.items()]
        stages = summary["latency"]["stages"]
        times = [_quantile(name, stages.get(stage, {}), which) for name, (stage, which) in _STAGES.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return [*rates, *times]


def _at(summary: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    for name in place:
        summary = summary[name]
    return summary


def _figure(name: str, estimate: dict[str, Any]) -> FigureView:
    bounds = estimate.get("interval") or {}
    return FigureView(name=name, value=estimate["value"], low=bounds.get("low"), high=bounds.get("high"))


def _quantile(name: str, stage: dict[str, Any], which: str) -> FigureView:
    bounds = stage.get(f"{which}_interval") or {}
    return FigureView(name=name, value=stage.get(which), low=bounds.get("low"), high=bounds.get("high"))
