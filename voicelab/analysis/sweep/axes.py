"""The axes of a sweep, and the conditions on them."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from voicelab.analysis.sweep.spec import SweepSpec
from voicelab.conditions.condition import Condition
from voicelab.errors import InputError

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """A condition and the name of its run folder. place: position on its axis; None without an axis."""

    name: str
    condition: Condition | None
    axis: str | None = None
    place: float | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """A series of increasingly severe conditions. unit: of the places. points: the mildest first."""

    key: str
    label: str
    unit: str
    points: tuple[SweepPoint, ...]


def axes_of(spec: SweepSpec) -> tuple[Axis, ...]:
    """One axis per varied parameter; InputError names the option of an invalid value."""
    made = [
        _axis(spec, f"snr-{Path(noise).stem}", f"SNR, {_noise_label(noise)}", "dB", "--snr",
              [(snr, {"noise": noise, "snr_db": snr}) for snr in sorted(spec.snr_db, reverse=True)])
        for noise in (spec.noise if spec.snr_db else ())
    ]  # fmt: skip
    made += [
        _axis(spec, "bitrate", "Opus bitrate", "kbit/s", "--bitrate",
              [(rate, {"bitrate_kbps": rate}) for rate in sorted(spec.bitrate_kbps, reverse=True)]),
        _axis(spec, "loss", f"lost packets, Opus {spec.loss_bitrate_kbps:g} kbit/s", "%", "--loss",
              [(loss, {"bitrate_kbps": spec.loss_bitrate_kbps, **_loss(spec, loss)})
               for loss in sorted(spec.loss_percent)]),
        _axis(spec, "gain", "gain", "dB", "--gain",
              [(gain, {"gain_db": gain}) for gain in sorted(spec.gain_db, reverse=True)]),
        _axis(spec, "telephone", "telephone band", "", "--telephone", [(1.0, {"telephone": True})] * spec.telephone),
    ]  # fmt: skip
    return tuple(axis for axis in made if axis.points)


def _noise_label(noise: str) -> str:
    return f"{noise} noise" if noise in ("white", "pink") else Path(noise).name


def points_of(spec: SweepSpec) -> tuple[SweepPoint, ...]:
    """Every run of the sweep, the clean one first. InputError if no parameter varies, or if a value is repeated."""
    for option, values in (("--snr", spec.snr_db), ("--noise", spec.noise), ("--bitrate", spec.bitrate_kbps),
                           ("--loss", spec.loss_percent), ("--gain", spec.gain_db)):  # fmt: skip
        if len(set(values)) < len(values):
            raise InputError(f"{option}: a value is named twice; name each once")
    axes = axes_of(spec)
    if not axes:
        raise InputError("a sweep needs at least one of --snr, --bitrate, --loss, --gain and --telephone")
    points = _grid(spec) if spec.grid else [point for axis in axes for point in axis.points]
    # A name has six digits of a value, and two conditions with one name would share a run.
    for name, count in Counter(point.name for point in points).items():
        if count > 1:
            raise InputError(f"two conditions are both named {name}: give values that differ in six digits")
    return (SweepPoint(CLEAN, None), *points)


def _axis(
    spec: SweepSpec, key: str, label: str, unit: str, option: str, values: list[tuple[float, dict[str, Any]]]
) -> Axis:
    points = tuple(_point(spec, option, fields, key, place) for place, fields in values)
    return Axis(key, label, unit, points)


def _loss(spec: SweepSpec, loss: float) -> dict[str, Any]:
    return {"loss_percent": loss, "mean_burst": spec.mean_burst, "fec": spec.fec}


def _grid(spec: SweepSpec) -> list[SweepPoint]:
    """Every combination of one value from each axis."""
    losses: list[dict[str, Any]] = [_loss(spec, loss) for loss in sorted(spec.loss_percent)]
    if losses and not spec.bitrate_kbps:
        losses = [{"bitrate_kbps": spec.loss_bitrate_kbps, **one} for one in losses]
    choices: list[list[dict[str, Any]]] = [
        [{"noise": noise, "snr_db": snr} for noise in spec.noise for snr in sorted(spec.snr_db, reverse=True)],
        [{"gain_db": gain} for gain in sorted(spec.gain_db, reverse=True)],
        [{"telephone": True}] * spec.telephone,
        [{"bitrate_kbps": rate} for rate in sorted(spec.bitrate_kbps, reverse=True)],
        losses,
    ]
    cells = product(*(choice for choice in choices if choice))
    return [_point(spec, "--grid", {name: value for part in parts for name, value in part.items()}) for parts in cells]


def _point(
    spec: SweepSpec, option: str, fields: dict[str, Any], axis: str | None = None, place: float | None = None
) -> SweepPoint:
    try:
        condition = Condition(**fields, seed=spec.base.seed)
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        where = f"{first['loc'][-1]} {first['input']!r}: " if first["loc"] else ""
        raise InputError(f"{option}: {where}{reason}") from error
    return SweepPoint(condition.name, condition, axis, place)
