"""API for the runs under REPORTS_DIR: their figures and reports."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse

from server.http.api import SharedServices
from server.http.refusal import HttpRefusal
from server.messages import Name
from voicelab.analysis import run_catalog
from voicelab.analysis.run_catalog import StoredRun
from voicelab.errors import InputError
from voicelab.scoring.leading import leading
from voicelab.scoring.schema import Summary

if TYPE_CHECKING:
    from voicelab.analysis.trend import TrendPoint

logger = logging.getLogger(__name__)

router = APIRouter()
TREND_RUNS = 30
"""Maximum number of runs in a trend: neighbours are compared in pairs, which takes time."""

_REPORT = "report.html"

# A report is one file with a script and audio. The sandbox lets it run without access to the page.
_REPORT_HEADERS = {
    "Content-Security-Policy": "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; media-src data:; font-src data:; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class FigureView(BaseModel):
    """A figure with its 95 % confidence interval; value is null if nothing was scored."""

    model_config = ConfigDict(allow_inf_nan=False)

    name: str
    title: str
    short: str
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    listed: bool = False


class RunView(BaseModel):
    """A run. problem: why its folder cannot be read, or null."""

    run_id: str
    status: str
    started_at: datetime | None = None
    engines: list[str] = []
    mode: str | None = None
    sample_set: str | None = None
    condition: str | None = None
    target: str | None = None
    options: str | None = None
    turns: int | None = None
    figures: list[FigureView] = []
    has_report: bool = False
    problem: str | None = None


class TrendPointView(BaseModel):
    """A figure of one run, and its paired difference to the run before: better, worse, within the noise, or why not."""

    model_config = ConfigDict(allow_inf_nan=False)

    run_id: str
    started_at: datetime
    value: float | None
    low: float | None
    high: float | None
    n: int
    verdict: str
    change: float | None
    change_low: float | None
    change_high: float | None
    note: str


@router.get("/app/api/runs", summary="List the runs under REPORTS_DIR")
async def listing(services: SharedServices) -> list[RunView]:
    return await services.pools.files.run(views_of, services.settings.reports_dir)


def _trend(reports: Path, figure: str) -> list[TrendPoint]:
    from voicelab.analysis.trend import trend  # imports pandas, which nothing else in the server needs

    return trend(reports, figure, last=TREND_RUNS)


@router.get("/app/api/trends/{figure}", summary="A figure of the latest finished runs, oldest first")
async def trend_of(figure: Name, services: SharedServices) -> list[TrendPointView]:
    """Changes are compared in pairs, as `voicelab runs trend` does."""
    reports = services.settings.reports_dir
    try:
        found = await services.pools.files.run(_trend, reports, figure)
    except InputError as error:
        raise HttpRefusal(404, "not_found", str(error).replace(str(reports), "reports")) from error
    return [
        TrendPointView(
            run_id=one.run_id,
            started_at=one.started_at,
            value=one.measured.value,
            low=one.measured.low,
            high=one.measured.high,
            n=one.measured.n,
            verdict=one.verdict,
            change=one.change,
            change_low=one.low,
            change_high=one.high,
            note=one.note,
        )
        for one in found
    ]


def views_of(reports: Path) -> list[RunView]:
    """Return the runs in a folder, in the order of `voicelab runs list`; none if the folder does not exist."""
    if not reports.is_dir():
        return []
    try:
        return [view_of(one) for one in run_catalog.stored_runs(reports)]
    except InputError as error:
        logger.warning("REPORTS_DIR: %s", error)
        raise HttpRefusal(500, "unreadable", "REPORTS_DIR cannot be read; see the server's log") from error


@router.get("/app/reports/{run_id}", summary="Get the report of a run", response_class=FileResponse)
async def report(run_id: Name, services: SharedServices) -> FileResponse:
    found = await services.pools.files.run(_report_of, services.settings.reports_dir, run_id)
    if found is None:
        raise HttpRefusal(404, "not_found", f"run {run_id} does not exist or has no report")
    return FileResponse(found, media_type="text/html", headers=_REPORT_HEADERS)


def _report_of(reports: Path, run_id: str) -> Path | None:
    """Return the report of a run. The name from the client is compared with names and never used as a path."""
    folders = reports.iterdir() if reports.is_dir() else ()
    found = next((folder for folder in folders if folder.name == run_id), None)
    return found / _REPORT if found is not None and _has_report(found) else None


def _has_report(path: Path) -> bool:
    """Return whether the folder holds a report that is not a link out of the folder."""
    report = path / _REPORT
    try:
        return report.is_file() and report.resolve().is_relative_to(path.resolve())
    except OSError:
        return False


def view_of(one: StoredRun) -> RunView:
    """Return a run as in `voicelab runs list`, without the path of its folder."""
    path = one.path
    problem = one.note.replace(f"{path}/", "").replace(str(path), one.run_id).encode(errors="replace").decode()
    return RunView(
        run_id=one.run_id,
        status=one.state,
        started_at=one.started_at,
        engines=[engine.name for engine in one.run.engines] if one.run is not None else [],
        mode=one.run.spec.mode if one.run is not None else None,
        **(asdict(one.facts) if one.facts is not None else {}),
        turns=one.run.planned_turns if one.run is not None else None,
        figures=_figures(one.summary) if one.summary is not None else [],
        has_report=_has_report(path),
        problem=problem if one.state == "damaged" else None,
    )


def _figures(summary: Summary) -> list[FigureView]:
    """Return the main figures of the report, and those of lists."""
    listed = {one[0]: one for one in leading(summary, "list")}
    shown = {one[0]: one for one in leading(summary)} | listed
    return [
        FigureView(
            name=name,
            title=label.title,
            short=label.short,
            unit=label.unit,
            value=found.value,
            low=found.low,
            high=found.high,
            n=found.n,
            listed=name in listed,
        )
        for name, label, found in shown.values()
    ]
