"""Summarize a run's specification as text for lists of runs."""

from dataclasses import dataclass
from pathlib import PurePath

from voicelab.engines import outside
from voicelab.engines.spec import EngineSpec
from voicelab.metrics.attribution import STAGES
from voicelab.runs.records import RunSpec


@dataclass(frozen=True, slots=True)
class RunFacts:
    """sample_set: the name of the set's file or folder. options: what differs from the defaults, "" for nothing."""

    sample_set: str
    condition: str
    target: str
    options: str


def facts(spec: RunSpec) -> RunFacts:
    """Return the facts of a run. condition is "" if the recordings are sent unchanged."""
    path = PurePath(spec.samples)
    # A set with its own folder, or in the folder of a run, is named by that folder.
    name = path.parent.name if path.name == "voice_samples.json" and path.parent.name else path.name
    condition = spec.condition.label if spec.condition is not None else ""
    return RunFacts(name or spec.samples, condition, spec.target, ", ".join(_options(spec)))


def _options(spec: RunSpec) -> list[str]:
    found = [f"{kind} {options}" for kind in STAGES if (options := _engine_options(getattr(spec, kind)))]
    if spec.mode != "burst":
        found.append(spec.mode)
    if spec.limit is not None:
        found.append(f"limit={spec.limit}")
    if spec.categories:
        found.append(f"category={'+'.join(spec.categories)}")
    if spec.seed:
        found.append(f"seed={spec.seed}")
    if spec.word_map is not None:
        found.append("word map")
    return found


def _engine_options(written: str | None) -> str:
    if written is None:
        return ""
    own = outside.split(written)
    return own[1] if own is not None else str(EngineSpec.parse(written)).partition(":")[2]
