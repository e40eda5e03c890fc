"""voicelab: a workbench for measuring voice agents.

    import voicelab

    run = voicelab.evaluate("data/voice_samples", asr="moonshine", limit=20)
    print(run.summary)

Names are imported on first use, so that `import voicelab` is fast.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicelab.analysis.api.evaluating import evaluate as evaluate
    from voicelab.analysis.api.evaluating import resume as resume
    from voicelab.analysis.api.loading import find_runs as find_runs
    from voicelab.analysis.api.loading import load_run as load_run
    from voicelab.analysis.api.loading import load_runs as load_runs
    from voicelab.analysis.api.run import Run as Run
    from voicelab.analysis.api.run import compare as compare
    from voicelab.asr.whole import WholeRecognizer as WholeRecognizer
    from voicelab.audio.clip import Clip as Clip
    from voicelab.datasets import Sample as Sample
    from voicelab.datasets import SampleSet as SampleSet
    from voicelab.datasets import Scenario as Scenario
    from voicelab.datasets import load as load
    from voicelab.datasets.columns import SetColumns as SetColumns
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
    from voicelab.pipeline.pipeline import Pipeline as Pipeline
    from voicelab.pipeline.turn import Turn as Turn
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
    "Pipeline": "pipeline.pipeline",
    "Ratio": "figures.figure",
    "Run": "analysis.api.run",
    "RunFolder": "runs.records",
    "RunResult": "runs.records",
    "RunSpec": "runs.records",
    "Sample": "datasets",
    "SampleSet": "datasets",
    "Scenario": "datasets",
    "ServerError": "errors",
    "SetColumns": "datasets.columns",
    "Turn": "pipeline.turn",
    "TurnOutcome": "targets.base",
    "TurnResult": "runs.records",
    "VoiceClient": "targets.client",
    "VoicelabError": "errors",
    "WholeRecognizer": "asr.whole",
    "compare": "analysis.api.run",
    "evaluate": "analysis.api.evaluating",
    "find_runs": "analysis.api.loading",
    "load": "datasets",
    "load_run": "analysis.api.loading",
    "load_runs": "analysis.api.loading",
    "normalizer": "text",
    "resume": "analysis.api.evaluating",
    "summarize": "scoring.summary",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("voicelab")
    if name not in _HOMES:
        raise AttributeError(f"module 'voicelab' has no attribute {name!r}")
    return getattr(import_module(f"voicelab.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
