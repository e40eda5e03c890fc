"""The runs under REPORTS_DIR: what they measured, and their reports."""

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
    title: str
    short: str
    unit: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    listed: bool = False


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
    """A run as `voicelab runs list` shows it, without the place of its folder on this machine."""
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
    """The figures that the report leads with, and those that lists show."""
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
