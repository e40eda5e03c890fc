"""Two synthetic runs of many turns on the same samples, to time gate, compare, power and reports.

    python -m tests.support.large_runs FOLDER --turns 8000

writes FOLDER/large-a and FOLDER/large-b with their summaries and reports. The texts are random, not recognized; all
replies have the same sound. Some turns have a wrong intent, a lost entity, a tool call or a fault.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.made_runs import answered, company, failed, made_run
from tests.support.tones import tone
from voicelab.agent.base import ToolCall
from voicelab.audio.opus import encode_ogg
from voicelab.metrics.tool_calls import Call
from voicelab.report import page
from voicelab.runs.records import RunFolder, RunSpec, TurnResult

_WORDS = (
    "what is the price of apple tell me news about ford compare tesla with nvidia add microsoft to my list please "
    "remove amazon how did intel do today and since last week show all"
).split()
_SPEAKERS = 40
_QUOTE = {"name": "quote", "arguments": {"company": "Apple"}}


def write_run(path: Path, turns: int, error_rate: float, seed: int) -> RunFolder:
    """A finished run. error_rate: the share of substituted words."""
    references, chance = np.random.default_rng(0), np.random.default_rng(seed)
    folder = RunFolder(path)
    folder.create()
    spec = RunSpec(samples="nowhere", target="in-process", normalizer="english", draws=200)
    folder.write(made_run(agent="openai", run_id=path.name, spec=spec, planned_turns=turns))
    sound = path / "audio" / "reply.ogg"
    sound.write_bytes(encode_ogg(tone(3.0)))
    lines = []
    for number in range(turns):
        said = [str(word) for word in references.choice(_WORDS, size=int(references.integers(4, 14)))]
        heard = [str(chance.choice(_WORDS)) if chance.random() < error_rate else word for word in said]
        turn = _turn(number, said, heard, chance)
        if turn.reply_file is not None:
            os.link(sound, path / turn.reply_file)
        lines.append(turn.model_dump_json())
    (path / "turns.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def _turn(number: int, said: list[str], heard: list[str], chance: np.random.Generator) -> TurnResult:
    key, asks_price = f"t{number:05}", "apple" in said
    fields: dict[str, Any] = {
        "text": " ".join(said), "speaker": f"s{number % _SPEAKERS}", "category": f"c{number % 8}",
        "expected_entities": ("Apple",) if asks_price else (),
        "expected_tool_calls": (Call(**_QUOTE),) if asks_price else None,
    }  # fmt: skip
    if chance.random() < 0.01:
        return failed(key, "timeout", **fields)
    found = asks_price and "apple" in heard
    return answered(
        key, heard=" ".join(heard), turn_s=float(chance.uniform(0.3, 2.0)), reply_file=f"audio/{key}.ogg",
        intent="price" if chance.random() > 0.04 else "news", entities=(company("AAPL", "apple"),) if found else (),
        candidates=(), tool_calls=(ToolCall(**_QUOTE, result="10"),) if found else (), **fields,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turns", type=int, default=8_000)
    given = parser.parse_args()
    for name, rate, seed in (("large-a", 0.08, 1), ("large-b", 0.10, 2)):
        print(page.write(write_run(given.folder / name, given.turns, rate, seed)))


if __name__ == "__main__":
    main()
