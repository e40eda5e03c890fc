"""A run's agent can be replayed: the same replies, tool calls and figures, without a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.model_server import CallTool, Text, model_server
from tests.support.speech import SET
from voicelab.agent.base import Dialogue, Entity, Exchange, Reply, ToolCall, Usage, WatchlistChange, whole
from voicelab.agent.catalog import AGENTS
from voicelab.agent.recording import RecordedTurn, read
from voicelab.agent.replay import ReplayAgent
from voicelab.errors import EngineError, InputError
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.runs.runner import evaluate
from voicelab.scoring import counterfactual

CALL = {"name": "quote", "arguments": {"company": "Nvidia"}, "result": "{}", "took_s": 0.2, "error": None}


def recorded(folder: Path, *turns: RecordedTurn) -> Path:
    file = folder / "agent.jsonl"
    file.write_text("".join(f"{turn.model_dump_json()}\n" for turn in turns))
    return file


def replayed(file: Path, **options: object) -> ReplayAgent:
    agent = ReplayAgent(file=str(file), **options)
    agent.load()
    return agent


def turn(heard: str, text: str, **fields: object) -> RecordedTurn:
    return RecordedTurn(heard=heard, text=text, intent="echo", **fields)


def test_the_whole_reply_is_given_again(tmp_path: Path) -> None:
    apple = Entity("company", "AAPL", "Apple", "apple", 1.0)
    change, usage = WatchlistChange("add", "AAPL"), Usage(2, 0.1, 10, 5, 0.01)
    fields = {"entities": (apple,), "changes": (change,), "tool_calls": (CALL,), "usage": usage}
    one = turn("add apple", "Done. It is there.", first_s=0.01, text_s=0.03, **fields)
    for timing in (True, False):
        reply = whole(replayed(recorded(tmp_path, one), timing=timing).respond("add apple", Dialogue()))
        assert reply == Reply("Done. It is there.", "echo", (apple,), (change,), (), (ToolCall(**CALL),), usage)


def test_sentences_come_as_they_were_written(tmp_path: Path) -> None:
    one = turn("go", "One.  Two is 3.5. Three", first_s=0.01, text_s=0.03, tool_calls=(CALL,))
    parts = list(replayed(recorded(tmp_path, one)).respond("go", Dialogue()))
    assert parts == [ToolCall(**CALL), "One.  ", "Two is 3.5. ", "Three"]


def test_a_turn_is_found_by_its_words_and_those_before(tmp_path: Path) -> None:
    file = recorded(
        tmp_path,
        turn("why", "Because of Tesla.", before=("tesla",)),
        turn("why", "Because of Apple.", before=("apple",)),
        turn("hello", "First."),
        turn("hello", "Second."),
    )
    agent = replayed(file, timing=False)
    after = Dialogue(exchanges=(Exchange("apple", "", ""),))
    assert agent.respond("why", after).text == "Because of Apple."
    assert [agent.respond("hello", Dialogue()).text for _ in range(3)] == ["First.", "Second.", "Second."]
    with pytest.raises(EngineError, match="no recorded turn for 'why'; record it first"):
        agent.respond("why", Dialogue())
    with pytest.raises(EngineError, match="after 'apple'"):
        agent.respond("why not", after)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "contains no recorded turns"),
        ("{}\n", "line 1: not a recorded turn: Field required"),
        ("not json\n", "line 1: not a recorded turn"),
        ('{"format_version":2,"heard":"a","text":"b","intent":""}\n', "line 1: not a recorded turn"),
    ],
)
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "agent.jsonl"
    file.write_text(text)
    with pytest.raises(InputError, match=complaint):
        read(file)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "nowhere")


def test_the_file_is_named_without_its_option() -> None:
    assert AGENTS.config("replay:reports/a b").options == {"file": "reports/a b", "timing": True}
    assert AGENTS.config("replay:x.jsonl,timing=false").options == {"file": "x.jsonl", "timing": False}
    with pytest.raises(InputError, match=r"agent engine 'replay' needs file=\.\.\.; its options: file, timing"):
        AGENTS.config("replay")
    with pytest.raises(InputError, match="write options as rules:option=value"):
        AGENTS.config("rules:x.jsonl")


def test_a_run_with_a_model_is_its_own_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In process and with a server: without the model, every replayed reply is the same."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def model(asked: object) -> list[object]:
        if not asked.results:
            return [CallTool("quote", {"company": "Nvidia"})]
        price = json.loads(asked.results[0])["data"]["price"]
        return [Text(f"You said: {asked.said}. "), Text(f"Nvidia is at {price}.", after_s=0.05)]

    def run(name: str, target: str, agent: str) -> RunFolder:
        spec = RunSpec(samples=str(SET.path), limit=1, asr="fake", agent=agent, tts="fake", target=target)
        return evaluate(spec, tmp_path, run_id=name)[0]

    for target in ("in-process", "server"):
        with model_server(model) as server:
            first = run(f"model-{target}", target, f"openai:base_url={server.base_url},model=stub")
        again = run(f"replay-{target}", target, f"replay:{first.path}")
        turns, replays = first.turns(), again.turns()
        assert turns
        for turn, replay in zip(turns, replays, strict=True):
            assert turn.status == replay.status == "answered"
            assert (turn.answer, turn.intent, turn.entities) == (replay.answer, replay.intent, replay.entities)
            assert turn.tool_calls == replay.tool_calls
            assert turn.tool_calls[0].arguments == {"company": "Nvidia"}
            assert turn.usage == replay.usage
            assert turn.usage.prompt_tokens == 200
            assert turn.tickers == ("NVDA",)
            assert turn.agent_first_s <= turn.agent_text_s


def test_what_attribution_asks_a_remote_agent_is_asked_for_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests may cost money, so none is sent without permission. The replay can repeat all of them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with model_server(lambda asked: [Text(f"You said: {asked.said}.")]) as server:
        spec = RunSpec(
            samples=str(SET.path), limit=2, asr="fake", agent=f"openai:base_url={server.base_url},model=stub",
            tts="fake", target="in-process",
        )  # fmt: skip
        folder, _ = evaluate(spec, tmp_path, run_id="model")
        asked = len(server.asked)
        unasked = counterfactual.keep(folder)
        assert len(server.asked) == asked
        assert "may cost money; to do so: voicelab attribute" in str(unasked.absent)
        made = counterfactual.keep(folder, must=True)
        assert made.absent is None
        assert len(server.asked) > asked
    replay, _ = evaluate(spec.model_copy(update={"agent": f"replay:{folder.path}"}), tmp_path, run_id="replay")
    again = counterfactual.keep(replay)
    assert again.turns == made.turns
