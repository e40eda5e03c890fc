"""Opens the target of a run's spec."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from voicelab.asr.catalog import DEFAULT_RECOGNIZER, RECOGNIZERS
from voicelab.engines.outside import check_stays
from voicelab.errors import InputError
from voicelab.runs.records import RunSpec
from voicelab.targets.base import Target, TargetSettings
from voicelab.targets.catalog import TargetConfig, describe_object, target_config
from voicelab.targets.voicelab_server import ENGINE_CATALOGS, VoicelabServer


def check_engines(spec: RunSpec) -> None:
    """Raise InputError or EngineMissingError for an unknown or missing engine."""
    if spec.target.startswith("object:"):
        return
    use = target_config(spec.target).entry.engines
    for catalog, name in zip(ENGINE_CATALOGS, (spec.asr, spec.agent, spec.tts), strict=True):
        if name is not None and use == "none":
            raise InputError(f"--{catalog.kind} chooses an engine of voicelab; the target {spec.target} has its own")
        if spec.target != "in-process":
            check_stays(catalog.kind, name)
        if name is not None or use == "all":
            catalog.config(name or "")


def check_target(spec: RunSpec, target: Target | None = None) -> None:
    """Raise InputError or EngineMissingError for unusable engines, targets or target options."""
    if spec.reply_asr not in (None, DEFAULT_RECOGNIZER):
        RECOGNIZERS.config(spec.reply_asr)
    if target is None and not spec.target.startswith("object:"):
        check_engines(spec)
        built = target_config(spec.target).build()
        if isinstance(built, VoicelabServer):
            built.check()
    else:
        built = _given(spec, target)
    if spec.mode == "burst" and not built.unpaced:
        raise InputError(f"the target {spec.target} accepts audio in real time only; add --mode realtime")


def _given(spec: RunSpec, target: Target | None) -> Target:
    """Return the given object. Raises InputError if it is missing or differs from the record."""
    if target is None:
        raise InputError(f"this run measured {spec.target}; pass the object again: resume(path, target=...)")
    if describe_object(target) != spec.target:
        raise InputError(f"this run measures {spec.target}, not {describe_object(target)}")
    return target


@asynccontextmanager
async def open_target(spec: RunSpec, *, folder: Path, target: Target | None = None) -> AsyncIterator[Target]:
    """Open the spec's target. folder: for the log and database of a target that the run starts.

    target: an object to measure instead. Raises InputError or EngineError if the target cannot be used.
    """
    check_target(spec, target)
    opened = _given(spec, target) if target is not None else target_config(spec.target).build()
    await opened.open(
        TargetSettings(folder=folder, timeout_s=spec.timeout_s, asr=spec.asr, agent=spec.agent, tts=spec.tts)
    )
    try:
        yield opened
    finally:
        await opened.close()


def config_of(spec: RunSpec) -> TargetConfig | None:
    """Return the configuration of the spec's target; None for a given object."""
    return None if spec.target.startswith("object:") else target_config(spec.target)
