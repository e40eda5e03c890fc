"""Share of the agent's tool calls that belong to no expected call."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="tool_calls_extra",
    title="unexpected tool calls",
    short="calls extra",
    better="lower",
    group="tools",
    counts=counts_in("tool_calls", "extra", "made"),
    value=Ratio("extra", "made"),
    detail="{part} of {of} calls",
    shown_in=("report", "compare"),
    only_with_evidence=True,
)
