"""Share of the expected tool calls that the agent makes with the expected arguments."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="tool_calls_right",
    title="tool calls right",
    short="calls right",
    better="higher",
    group="tools",
    counts=counts_in("tool_calls", "right", "expected"),
    value=Ratio("right", "expected"),
    detail="{part} of {of} expected calls",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
