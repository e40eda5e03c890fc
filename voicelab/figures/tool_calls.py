"""Tool calls beside the expected ones: a call is right if its tool and its arguments are."""

from __future__ import annotations

from voicelab.figures.figure import Better, Figure, Place, Ratio, counting


def _figure(
    name: str, title: str, short: str, value: Ratio, of: str, better: Better = "higher", places: tuple[Place, ...] = ()
) -> Figure:
    """Return a figure that is a quotient of two counts of ToolCallCounts. places: besides the report and compare."""
    return Figure(
        name=name,
        title=title,
        short=short,
        better=better,
        group="tools",
        counts=counting("tool_calls", lambda calls: {name: getattr(calls, name) for name in (value.part, value.whole)}),
        value=value,
        detail=f"{{part}} of {{of}} {of}",
        shown_in=("report", "compare", *places),
        only_with_evidence=True,
    )


FIGURES = (
    # Turns in which every expected call is right, and no other call is made.
    _figure(
        "tool_turns_right", "turns with the right tool calls", "tools right",
        Ratio("turns_right", "turns"), "turns", places=("lead",),
    ),
    _figure("tool_calls_right", "tool calls right", "calls right", Ratio("right", "expected"), "expected calls"),
    # Calls whose tool the agent does not call.
    _figure(
        "tool_calls_missed", "tool calls missed", "calls missed", Ratio("missed", "expected"), "expected calls", "lower"
    ),
    # Calls that belong to no expected one.
    _figure("tool_calls_extra", "unexpected tool calls", "calls extra", Ratio("extra", "made"), "calls", "lower"),
)  # fmt: skip
