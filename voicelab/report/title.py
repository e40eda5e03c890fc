"""One-line titles of runs: engines or target, sample set, condition."""

from pathlib import PurePath

from voicelab.metrics.attribution import STAGES
from voicelab.runs.records import RunResult


def run_title(run: RunResult) -> str:
    """Return `moonshine → rules → piper on voice_samples, noise=babble`, or the target in place of unknown engines."""
    condition = f", {run.spec.condition.label}" if run.spec.condition is not None else ""
    set_name = PurePath(run.spec.samples).name or run.spec.samples
    return f"{engine_names(run) or run.spec.target} on {set_name}{condition}"


def engine_names(run: RunResult) -> str:
    """Return the engines in the order of a turn, as loaded or else as requested; "" if the target has its own."""
    loaded = {engine.kind: engine.name for engine in run.engines}
    named = {kind: getattr(run.spec, kind) for kind in STAGES}
    names = [loaded.get(kind) or named[kind] for kind in STAGES]
    return " → ".join(name for name in names if name)
