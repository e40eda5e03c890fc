"""The provenance of a run for display: its options, code, packages and machine."""

from typing import Any

from voicelab.report.wording import NONE, interval
from voicelab.runs.records import RunResult
from voicelab.scoring.schema import Summary


def provenance(run: RunResult, summary: Summary | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the run, its options, packages and machine as groups of (name, value)."""
    code = run.code
    state = "not a checkout" if code.commit is None else f"{code.commit}{' with changes' if code.dirty else ''}"
    took = f"{(run.finished_at - run.started_at).total_seconds():.0f} s" if run.finished_at else "did not finish"
    about = [
        ("run", run.run_id),
        ("status", run.status + (f": {run.failure}" if run.failure else "")),
        ("started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("took", took),
        ("resumed", f"{run.resumed} times"),
        ("code", state),
        ("samples, SHA-256", run.samples_sha256),
        ("bootstrap: seed, resamples", f"{run.spec.seed}, {run.spec.draws}"),
    ]
    if summary is not None:
        rule, success = summary.normalizer, summary.figures.get("scenario_success")
        about += [
            ("normalizer", f"{rule.name}, version {rule.version}"),
            ("word map, SHA-256", rule.word_map or NONE),
            ("scenarios, interval", interval(success.interval if success is not None else None) or NONE),
        ]
    return [
        ("The run", about),
        ("Options", [(name, _value(value)) for name, value in run.spec.model_dump().items()]),
        ("Packages", list(run.packages.items())),
        ("Machine", [(name, str(value)) for name, value in run.machine.items()]),
    ]


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "all"
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items() if inner not in (None, False))
    return NONE if value is None else str(value)
