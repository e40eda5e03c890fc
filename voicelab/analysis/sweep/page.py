"""sweep.html: curves, breakpoints, all points, and one sample to play under each condition, in one file."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from voicelab.analysis.sweep import wording
from voicelab.analysis.sweep.figures import SweepFigures
from voicelab.analysis.sweep.plots import curves, drawable
from voicelab.analysis.sweep.spec import SweepFolder, SweepResult
from voicelab.errors import InputError
from voicelab.report.cells import Shown
from voicelab.report.plots import Picture
from voicelab.report.sounds import EmbeddedSound, SoundShelf
from voicelab.report.templating import environment
from voicelab.runs import storage
from voicelab.runs.records import TurnResult
from voicelab.scoring import inputs

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Hearing:
    """A sample under one condition: its audio and its turn."""

    condition: str
    sound: EmbeddedSound
    turn: TurnResult


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
    pictures = [
        Picture.of(
            f"Measures over {axis.label}, as in the table below", partial(curves, folder.sweep_id, figures, axis)
        )
        for axis in drawable(figures)
    ]
    spec = result.spec.model_dump(exclude={"base"}) | clean.spec.model_dump(exclude={"condition"})
    return environment(_TEMPLATES).get_template("sweep.html").render(
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
    chosen = sample_id or max(turns[0], key=lambda name: len({one[name].heard for one in turns if name in one}))
    if any(chosen not in by_id for by_id in turns):
        raise InputError(f"{folder.path}: sample {chosen!r} is not in it; there are: {', '.join(turns[0])}")
    samples = inputs.sample_set(runs[0][1])
    return [
        Hearing(
            run.spec.condition.label if run.spec.condition else "clean",
            SoundShelf(one, samples, limit_bytes=sys.maxsize).request(by_id[chosen]),
            by_id[chosen],
        )
        for (one, run), by_id in zip(runs, turns, strict=True)
    ]


def hearings_shown(folder: SweepFolder, sample_id: str | None = None) -> Shown:
    """The result of `hearings` as cards with players, for a notebook."""
    found = hearings(folder, sample_id)
    html = environment(_TEMPLATES).get_template("hearings.html").render(hearings=found)
    return Shown(f"{found[0].turn.sample_id} under {len(found)} conditions", html=html)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in value) or "none"
    return "none" if value is None else str(value)
