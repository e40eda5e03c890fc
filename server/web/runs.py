"""API for the runs under REPORTS_DIR: their figures and reports."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse

from server.http.api import SharedServices
from server.messages import Name
from voicelab.analysis import run_catalog
from voicelab.scoring.leading import leading
from voicelab.scoring.schema import Summary

router = APIRouter()

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
    turns: int | None = None
    figures: list[FigureView] = []
    has_report: bool = False
    problem: str | None = None


def _folders(services: SharedServices) -> list[Path]:
    """Return the folders that hold a run. Names from clients are compared with theirs and never used as a path."""
    reports = services.settings.reports_dir
    if not reports.is_dir():
        return []
    return [path for path in reports.iterdir() if _may_hold_a_run(path)]


def _may_hold_a_run(path: Path) -> bool:
    """Return whether the folder has a run.json, or cannot be read (it is then listed with the reason)."""
    try:
        return (path / "run.json").is_file()
    except OSError:
        return True


Folders = Annotated[list[Path], Depends(_folders)]


@router.get("/app/api/runs", summary="List the runs under REPORTS_DIR")
async def listing(folders: Folders, services: SharedServices) -> list[RunView]:
    return await services.pools.files.run(lambda: views_of(folders))


def views_of(folders: list[Path]) -> list[RunView]:
    """Return the runs in these folders, newest first, and those that cannot be read last."""
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(map(_view, folders), key=lambda view: view.started_at or oldest, reverse=True)


@router.get("/app/reports/{run_id}", summary="Get the report of a run", response_class=FileResponse)
async def report(run_id: Name, folders: Folders) -> FileResponse:
    found = next((folder for folder in folders if folder.name == run_id), None)
    if found is None or not _has_report(found):
        raise HTTPException(404, detail=f"there is no run {run_id} with a report")
    return FileResponse(found / "report.html", media_type="text/html", headers=_REPORT_HEADERS)


def _has_report(path: Path) -> bool:
    """Return whether the folder holds a report that is not a link out of the folder."""
    report = path / "report.html"
    try:
        return report.is_file() and report.resolve().is_relative_to(path.resolve())
    except OSError:
        return False


def _view(path: Path) -> RunView:
    """Return a run as in `voicelab runs list`, without the path of its folder."""
    one = run_catalog.look(path)
    problem = one.note.replace(f"{path}/", "").replace(str(path), one.run_id).encode(errors="replace").decode()
    return RunView(
        run_id=one.run_id,
        status=one.state,
        started_at=one.started_at,
        engines=[engine.name for engine in one.run.engines] if one.run is not None else [],
        mode=one.run.spec.mode if one.run is not None else None,
        turns=one.run.planned_turns if one.run is not None else None,
        figures=_figures(one.summary) if one.summary is not None else [],
        has_report=_has_report(path),
        problem=problem if one.state == "damaged" else None,
    )


def _figures(summary: Summary) -> list[FigureView]:
    """Return the main figures of the report, and those of lists."""
    listed = {name for name, _, _ in leading(summary, "list")}
    shown = [*leading(summary), *leading(summary, "list")]
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
        for name, label, found in {one[0]: one for one in shown}.values()
    ]
