"""Character error rate."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="cer",
    title="character error rate (CER)",
    short="CER",
    better="lower",
    group="words",
    counts=counts_in("characters", "errors", "reference_words"),
    value=Ratio("errors", "reference_words"),
    detail="{part} errors in {of} characters",
    shown_in=("lead", "report", "list"),
)
