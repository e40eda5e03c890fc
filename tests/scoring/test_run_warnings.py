"""A figure that needs what the run's agent or target cannot show is absent, never 0."""

import pytest

from tests.support.made_runs import FORMS, answered, made_run, summarize_turns
from voicelab.engines.spec import EngineInfo

QUOTE = {"name": "quote", "arguments": {"company": "Apple"}}


@pytest.mark.parametrize(("agent", "value"), [("rules", None), ("fake", None), ("openai", 0.0)])
def test_an_agent_without_tools_missed_no_call(agent, value):
    """The same turn without a call is a missed call of an agent that has tools."""
    engine = EngineInfo(
        kind="agent", name=agent, options={}, revision="1", device="cpu", licence="", load_s=0.0, lanes=1
    )
    turns = [answered("a", expected_tool_calls=(QUOTE,), tool_calls=())]
    figures = summarize_turns(made_run(engines=(engine,)), turns, FORMS).figures
    found = figures.get("tool_turns_right")
    assert (found.value if found is not None else None) == value
