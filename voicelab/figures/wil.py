"""Word information lost (Morris, Maier and Green 2004)."""

from voicelab.figures.figure import Counts, Figure, counts_in


def _value(counts: Counts) -> float | None:
    """Return the value; 1 if nothing was recognized."""
    if not counts["reference_words"]:
        return None
    return 1 - counts["hits"] ** 2 / (counts["reference_words"] * max(counts["hypothesis_words"], 1))


FIGURE = Figure(
    name="wil",
    title="word information lost (WIL)",
    short="WIL",
    better="lower",
    group="words",
    counts=counts_in("words", "hits", "reference_words", "hypothesis_words"),
    value=_value,
    detail="{reference_words} reference words",
    least=0.0,
    most=1.0,
)
