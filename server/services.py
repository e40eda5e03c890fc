"""What every connection shares: the loaded engines and the history."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import metadata

from server.history import History
from server.settings import Settings
from voicelab.engines import EngineInfo
from voicelab.turn import Pipeline

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Services:
    """Opened once, when the server starts. active_connections: how many WebSockets are open now."""

    settings: Settings
    pipeline: Pipeline
    history: History
    active_connections: int = 0


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open the history and load the engines, each with a line in the log; close them at the end."""
    history = await History.open(settings.database_url)
    try:
        pipeline = await Pipeline.open(
            settings.asr, settings.agent, settings.tts,
            asr_workers=settings.asr_workers, engine_limit_s=settings.engine_timeout_s,
        )  # fmt: skip
        try:
            for engine in pipeline.engines:
                logger.info(_loaded(engine))
            yield Services(settings, pipeline, history)
        finally:
            await pipeline.close()
    finally:
        await history.close()


def _loaded(engine: EngineInfo) -> str:
    kind = "Agent" if engine.kind == "agent" else engine.kind.upper()
    lanes = f", {engine.lanes} workers" if engine.lanes > 1 else ""
    if engine.name == "sensevoice":
        return f"SenseVoice model loaded successfully on {engine.device} in {engine.load_s:.1f} s ({engine.revision})"
    return f"{kind} {engine.name} loaded in {engine.load_s:.1f} s on {engine.device}{lanes} ({engine.revision})"


def version() -> str:
    """The version of the installed package; "not installed" when it runs from a folder without one."""
    try:
        return metadata.version("voicelab")
    except metadata.PackageNotFoundError:
        return "not installed"
