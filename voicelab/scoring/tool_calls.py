"""Score the tool calls of a turn against those that its sample expects."""

from voicelab.agent.catalog import WITHOUT_TOOLS
from voicelab.metrics.entities import Forms
from voicelab.metrics.tool_calls import Call, ToolCallCounts, compare_calls, same_value
from voicelab.runs.records import RunResult, TurnResult


def tool_call_counts(turn: TurnResult, forms: Forms) -> ToolCallCounts | None:
    """The counts of a turn, or None if it is not scored.

    None: the sample names no expected calls, the run's version recorded no calls, or the turn failed. For an empty
    transcript, all expected calls are missed. forms: all names of each company, by ticker.
    """
    if turn.expected_tool_calls is None or turn.tool_calls is None or turn.broken:
        return None
    made = [Call(call.name, call.arguments) for call in turn.tool_calls]
    return compare_calls(turn.expected_tool_calls, made, same_value(forms))


def may_call_tools(run: RunResult) -> bool:
    """Whether the run's agent has tools; True if the run does not name its agent."""
    agent = run.engine("agent")
    return agent is None or agent.name not in WITHOUT_TOOLS
