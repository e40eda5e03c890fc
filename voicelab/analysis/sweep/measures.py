"""The figures of a sweep: those with `sweep` in `shown_in`."""

from voicelab.errors import InputError
from voicelab.figures.figure import Figure
from voicelab.figures.table import FIGURES, ratios, shown_in
from voicelab.metrics.breakpoints import Threshold

MEASURES: dict[str, Figure] = {figure.name: figure for figure in ratios(shown_in("sweep"))}
_RATIOS: dict[str, Figure] = {figure.name: figure for figure in ratios(FIGURES.values())}


def followed(breakpoints: tuple[str, ...]) -> dict[str, Figure]:
    """The figures of a sweep: MEASURES, and those of its breakpoints."""
    named = {option.partition("=")[0] for option in breakpoints}
    return {name: figure for name, figure in _RATIOS.items() if name in MEASURES or name in named}


def threshold(option: str) -> tuple[str, Threshold]:
    """Parse a threshold: `entity_recall=90%` (of the clean value) or `wer=0.3` (absolute).

    Raises InputError that names the option.
    """
    key, _, text = option.partition("=")
    if key not in _RATIOS or not text:
        raise InputError(f"--breakpoint {option}: give MEASURE=VALUE, e.g. entity_recall=90%; MEASURE is one of "
                         f"{', '.join(_RATIOS)}")  # fmt: skip
    falling = _RATIOS[key].better == "higher"
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = float("nan")
    if not text.endswith("%"):
        if not 0 < value < (1 if falling else float("inf")):
            raise InputError(
                f"--breakpoint {option}: give a rate such as 0.9, or a percentage of the clean value such as 90%"
            )
        return key, Threshold(value, relative=False, falls=falling)
    if not (0 < value < 100 if falling else 100 < value < float("inf")):
        side = "under" if falling else "over"
        raise InputError(f"--breakpoint {option}: {key} breaks {side} 100% of its clean value; give such a percentage")
    return key, Threshold(value / 100, relative=True, falls=falling)
