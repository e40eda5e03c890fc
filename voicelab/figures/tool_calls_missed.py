"""Share of the expected tool calls whose tool the agent does not call."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="tool_calls_missed",
    title="tool calls missed",
    short="calls missed",
    better="lower",
    group="tools",
    counts=counts_in("tool_calls", "missed", "expected"),
    value=Ratio("missed", "expected"),
    detail="{part} of {of} expected calls",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
