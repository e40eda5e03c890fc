"""voicelab: a workbench for measuring voice agents.

    from pathlib import Path
    from voicelab import RunSpec, evaluate

    folder, run = evaluate(RunSpec(samples="data/voice_samples", target="in-process", limit=6), Path("reports"))

Names are imported on first use, so that `import voicelab` is fast.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicelab.audio.clip import Clip as Clip
    from voicelab.datasets import Sample as Sample
    from voicelab.datasets import SampleSet as SampleSet
    from voicelab.datasets import Scenario as Scenario
    from voicelab.datasets import load as load
    from voicelab.engines.spec import EngineInfo as EngineInfo
    from voicelab.engines.spec import EngineSpec as EngineSpec
    from voicelab.errors import ConnectionLostError as ConnectionLostError
    from voicelab.errors import EngineError as EngineError
    from voicelab.errors import EngineMissingError as EngineMissingError
    from voicelab.errors import InputError as InputError
    from voicelab.errors import NoSpeechError as NoSpeechError
    from voicelab.errors import ServerError as ServerError
    from voicelab.errors import VoicelabError as VoicelabError
    from voicelab.figures.figure import Figure as Figure
    from voicelab.figures.figure import Percentile as Percentile
    from voicelab.figures.figure import Ratio as Ratio
    from voicelab.pipeline.turn import Pipeline as Pipeline
    from voicelab.pipeline.turn import Turn as Turn
    from voicelab.report.finish import evaluate as evaluate
    from voicelab.report.finish import resume as resume
    from voicelab.runs.records import RunFolder as RunFolder
    from voicelab.runs.records import RunResult as RunResult
    from voicelab.runs.records import RunSpec as RunSpec
    from voicelab.runs.records import TurnResult as TurnResult
    from voicelab.scoring.summary import summarize as summarize
    from voicelab.targets.base import TurnOutcome as TurnOutcome
    from voicelab.targets.client import VoiceClient as VoiceClient
    from voicelab.text import normalizer as normalizer

# ONNX Runtime's wheels report usage to their maker, and keep a database for it, unless this is set before their import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_HOMES = {
    "Clip": "audio.clip",
    "ConnectionLostError": "errors",
    "EngineError": "errors",
    "EngineInfo": "engines.spec",
    "EngineMissingError": "errors",
    "EngineSpec": "engines.spec",
    "Figure": "figures.figure",
    "InputError": "errors",
    "NoSpeechError": "errors",
    "Percentile": "figures.figure",
    "Pipeline": "pipeline.turn",
    "Ratio": "figures.figure",
    "RunFolder": "runs.records",
    "RunResult": "runs.records",
    "RunSpec": "runs.records",
    "Sample": "datasets",
    "SampleSet": "datasets",
    "Scenario": "datasets",
    "ServerError": "errors",
    "Turn": "pipeline.turn",
    "TurnOutcome": "targets.base",
    "TurnResult": "runs.records",
    "VoiceClient": "targets.client",
    "VoicelabError": "errors",
    "evaluate": "report.finish",
    "load": "datasets",
    "normalizer": "text",
    "resume": "report.finish",
    "summarize": "scoring.summary",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'voicelab' has no attribute {name!r}")
    return getattr(import_module(f"voicelab.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__]
