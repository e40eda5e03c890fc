"""Word error rate."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="wer",
    title="word error rate (WER)",
    short="WER",
    better="lower",
    group="words",
    counts=counts_in("words", "errors", "reference_words", "hits", "substitutions", "deletions", "insertions"),
    value=Ratio("errors", "reference_words"),
    detail="{part} errors in {of} words",
    shown_in=("lead", "report", "list", "compare", "sweep"),
)
