"""Share of turns in which every expected tool call is made with the right arguments, and no other call."""

from voicelab.figures.figure import Figure, Ratio, counts_in

FIGURE = Figure(
    name="tool_turns_right",
    title="turns with the right tool calls",
    short="tools right",
    better="higher",
    group="tools",
    counts=counts_in("tool_calls", "turns_right", "turns"),
    value=Ratio("turns_right", "turns"),
    detail="{part} of {of} turns",
    shown_in=("report", "compare", "lead"),
    only_with_evidence=True,
)
