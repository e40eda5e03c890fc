"""Stubs for agents that need a server or a recording."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.model_server import Text, model_server
from voicelab.agent.recording import RecordedTurn


@contextmanager
def agent_spec(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *heard: str) -> Iterator[str]:
    """The agent's specification for the contract tests. heard: the user's words."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    if name == "openai":
        with model_server(lambda asked: [Text(f"You said: {asked.said}.")]) as server:
            yield f"openai:base_url={server.base_url},model=stub"
    elif name == "replay":
        turns = [RecordedTurn(heard=one, text=f"You said: {one}.", intent="echo") for one in heard]
        (folder / "agent.jsonl").write_text("".join(f"{turn.model_dump_json()}\n" for turn in turns))
        yield f"replay:{folder}"
    else:
        yield name
