"""Conditions from outside the package: a class or object with the method `degrade`.

my_package.conditions:Muffle:cutoff_hz=800    a class, imported in the process of the run
muffle                                        an entry point of the group voicelab.conditions
"""

from functools import lru_cache
from typing import Protocol, cast

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.engines import outside
from voicelab.engines.spec import Catalog
from voicelab.errors import EngineError, InputError

KIND = "condition"
_CATALOG = Catalog(KIND, {})


class Degradation(Protocol):
    """The interface of your own conditions."""

    def degrade(self, clip: Clip, random: np.random.Generator) -> Clip:
        """Return the degraded clip, float32, -1..1; its rate and length may differ.

        random: depends on the condition's seed and the sample's id only. A condition that takes all randomness from
        it gives the same sound in each run.
        """
        ...


def hand_over(given: object) -> str:
    """Return the name of a class or an object in specifications. Raises InputError if it lacks `degrade`."""
    return outside.hand_over(KIND, given)


def is_known(text: str) -> bool:
    """Return whether a text names a condition from outside, with or without options."""
    text = _with_commas(text)
    return outside.split(text) is not None or _CATALOG.parse(text).name in _CATALOG.entries


def transform(text: str) -> Degradation:
    """Return the condition with this name; options are separated by `;` or `,`. Raises InputError.

    A class is instantiated once per process, so it may load a model.
    """
    return _build(text) if text.startswith(outside.OBJECT) else _built(text)


def _build(text: str) -> Degradation:
    spec = _CATALOG.parse(_with_commas(text))
    if _CATALOG.entry(spec.name) is None:
        known = ", ".join(_CATALOG.entries)
        raise InputError(
            f"condition: unknown transform {spec.name!r}; give your own class: package.module:Class"
            + (f", or an installed one: {known}" if known else "")
        )
    return cast("Degradation", _CATALOG.config(spec).build())


_built = lru_cache(maxsize=16)(_build)


def revision(text: str) -> str:
    """Return the version of the condition's package, or a digest of its source."""
    return outside.source_revision(type(transform(text)))


def degrade(text: str, clip: Clip, random: np.random.Generator) -> Clip:
    """Apply a condition from outside. Raises EngineError, which names it, if it fails or does not return a Clip."""
    made = transform(text)
    try:
        found = made.degrade(clip, random)
    except Exception as error:
        raise EngineError(f"condition {text}", f"{type(error).__name__}: {error}") from error
    if not isinstance(found, Clip):
        raise EngineError(f"condition {text}", f"degrade returned {type(found).__name__} instead of a Clip")
    if not len(found.samples) or not np.isfinite(found.samples).all():
        raise EngineError(f"condition {text}", "degrade returned a Clip that is empty or not finite")
    return found.at_rate(clip.rate_hz)


def short_name(text: str) -> str:
    """Return the class's name and the options: `Muffle cutoff_hz=800`."""
    spec = _CATALOG.parse(_with_commas(text))
    name = spec.name.removeprefix(outside.OBJECT).replace(":", ".").rpartition(".")[2]
    options = ", ".join(f"{key}={value}" if key else value for key, value in spec.options.items())
    return f"{name} {options}".strip()


def _with_commas(text: str) -> str:
    return text.replace(";", ",")
