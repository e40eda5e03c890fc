"""Health probes and metrics."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from server.http.api import SharedServices
from server.metrics import CONTENT_TYPE

router = APIRouter()


class Liveness(BaseModel):
    """The process is running."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether the server accepts turns. engines: whether each is loaded. reason: why the history is unavailable."""

    status: Literal["ready", "draining", "engines_not_ready", "history_unavailable"]
    engines: dict[str, bool]
    reason: str | None = None


@router.get("/health/live", summary="Liveness probe")
async def live() -> Liveness:
    return Liveness()


@router.get(
    "/health/ready",
    summary="Readiness probe: whether the server accepts turns",
    responses={
        503: {
            "model": Readiness,
            "description": "An engine is not loaded, the history is unavailable, or the server is shutting down.",
        }
    },
)
async def ready(services: SharedServices, response: Response) -> Readiness:
    engines = {host.info.kind: host.is_ready for host in services.pipeline.hosts}
    response.status_code = 503
    if services.draining.is_set():
        return Readiness(status="draining", engines=engines)
    if not all(engines.values()):
        return Readiness(status="engines_not_ready", engines=engines)
    if (reason := await services.history.database.problem()) is not None:
        return Readiness(status="history_unavailable", engines=engines, reason=reason)
    response.status_code = 200
    return Readiness(status="ready", engines=engines)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(services: SharedServices) -> Response:
    services.sample()
    return Response(services.metrics.page(), media_type=CONTENT_TYPE)
