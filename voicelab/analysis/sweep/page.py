"""sweep.html: curves, breakpoints, all points, and one sample to play under each condition, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.analysis.sweep import wording
from voicelab.analysis.sweep.figures import SweepFigures
from voicelab.analysis.sweep.plots import curves, drawable
from voicelab.analysis.sweep.spec import SweepFolder, SweepResult
from voicelab.datasets import SampleSet
from voicelab.errors import InputError
from voicelab.report import plots
from voicelab.report.cells import Shown
from voicelab.report.sounds import EmbeddedSound, data_uri, degraded_sound, request_sound
from voicelab.report.templating import environment
from voicelab.report.theme import DARK, LIGHT
from voicelab.runs import storage
from voicelab.runs.records import TurnResult
from voicelab.runs.sent_audio import RequestAudioSource
from voicelab.scoring import inputs

if TYPE_CHECKING:
    import jinja2


@dataclass(frozen=True, slots=True)
class Hearing:
    """A sample under one condition: its audio and its turn."""

    condition: str
    sound: EmbeddedSound
    turn: TurnResult


@dataclass(frozen=True, slots=True)
class _SweepPicture:
    light: str
    dark: str
    alt: str


def write(folder: SweepFolder) -> Path:
    """Write sweep.html of a finished sweep and return its path. Raises InputError if the sweep is not finished."""
    result = folder.read()
    if result.figures is None:
        raise InputError(f"{folder.path}: this sweep is not finished; continue it: voicelab sweep --resume")
    path = folder.path / "sweep.html"
    storage.write_whole(path, _render(folder, result, result.figures).encode())
    return path


def _render(folder: SweepFolder, result: SweepResult, figures: SweepFigures) -> str:
    clean = folder.run(result.runs[0]).read()
    pictures = []
    for axis in drawable(figures):
        light, dark = (data_uri(plots.svg(curves(folder.sweep_id, figures, axis, theme)), "image/svg+xml")
                       for theme in (LIGHT, DARK))  # fmt: skip
        pictures.append(_SweepPicture(light, dark, f"Measures over {axis.label}, as in the table below"))
    spec = result.spec.model_dump(exclude={"base"}) | clean.spec.model_dump(exclude={"condition"})
    return _templates().get_template("sweep.html").render(
        sweep_id=folder.sweep_id,
        clean=clean,
        figures=figures,
        pictures=pictures,
        columns=wording.columns(figures),
        rows=list(zip(wording.rows(figures), result.runs, strict=True)),
        note=wording.interval_note(figures),
        hearings=hearings(folder),
        asked=[(name, _value(value)) for name, value in spec.items()],
        scaled=sum(point.scaled for point in figures.points),
        began=result.started_at,
    )  # fmt: skip


def hearings(folder: SweepFolder, sample_id: str | None = None) -> list[Hearing]:
    """A sample under every condition of a sweep; by default the one whose transcripts differ most between conditions.

    Raises InputError if the sample is not in the sweep.
    """
    result = folder.read()
    runs = [(folder.run(name), folder.run(name).read()) for name in result.runs]
    turns = [{turn.sample_id: turn for turn in one.turns() if turn.primary} for one, _ in runs]
    chosen = sample_id or _most_varied(turns)
    if any(chosen not in by_id for by_id in turns):
        raise InputError(f"{folder.path}: sample {chosen!r} is not in it; there are: {', '.join(turns[0])}")
    samples = inputs.sample_set(runs[0][1])
    return [
        Hearing(
            run.spec.condition.label if run.spec.condition else "clean",
            _sound(samples, run.spec.condition is not None, by_id[chosen], inputs.request_audio_source(run, samples)
                   if samples is not None else None),
            by_id[chosen],
        )
        for (_, run), by_id in zip(runs, turns, strict=True)
    ]  # fmt: skip


def _most_varied(turns: Sequence[dict[str, TurnResult]]) -> str:
    return max(turns[0], key=lambda name: len({by_id[name].heard for by_id in turns if name in by_id}))


def _sound(
    samples: SampleSet | None, degraded: bool, turn: TurnResult, request_audio_source: RequestAudioSource | None
) -> EmbeddedSound:
    if samples is None:
        return EmbeddedSound(None, "not available: the sample set has moved or changed")
    sample = samples.sample(turn.sample_id)
    return (
        degraded_sound(request_audio_source, sample, turn)
        if degraded and request_audio_source is not None
        else request_sound(sample)
    )


def hearings_shown(folder: SweepFolder, sample_id: str | None = None) -> Shown:
    """The result of `hearings` as cards with players, for a notebook."""
    found = hearings(folder, sample_id)
    html = _templates().get_template("hearings.html").render(hearings=found)
    return Shown(f"{found[0].turn.sample_id} under {len(found)} conditions", html=html)


@cache
def _templates() -> jinja2.Environment:
    return environment(Path(__file__).parent / "templates")


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in value) or "none"
    return "none" if value is None else str(value)
