"""Two synthetic runs of many turns on the same samples, to time gate, compare, power and reports.

    python -m tests.support.large_runs FOLDER --turns 8000

writes FOLDER/large-a and FOLDER/large-b with their summaries. The texts are drawn, not heard.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tests.support.made_runs import answered, made_run
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.scoring import summary_file
from voicelab.scoring.summary import summarize

_WORDS = (
    "what is the price of apple tell me news about ford compare tesla with nvidia add microsoft to my list please "
    "remove amazon how did intel do today and since last week show all"
).split()
_SPEAKERS = 40


def write_run(path: Path, turns: int, error_rate: float, seed: int) -> RunFolder:
    """A finished run. error_rate: the share of substituted words."""
    references = np.random.default_rng(0)
    chance = np.random.default_rng(seed)
    folder = RunFolder(path)
    folder.create()
    spec = RunSpec(samples="nowhere", target="in-process", normalizer="english", draws=200)
    folder.write(made_run(run_id=path.name, spec=spec, planned_turns=turns))
    lines = []
    for number in range(turns):
        words = [str(word) for word in references.choice(_WORDS, size=int(references.integers(4, 14)))]
        heard = [str(chance.choice(_WORDS)) if chance.random() < error_rate else word for word in words]
        turn = answered(
            f"t{number:05}", text=" ".join(words), heard=" ".join(heard), speaker=f"s{number % _SPEAKERS}",
            category=f"c{number % 8}", turn_s=float(chance.uniform(0.3, 2.0)),
        )  # fmt: skip
        lines.append(turn.model_dump_json())
    (path / "turns.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turns", type=int, default=8_000)
    given = parser.parse_args()
    for name, rate, seed in (("large-a", 0.08, 1), ("large-b", 0.10, 2)):
        folder = write_run(given.folder / name, given.turns, rate, seed)
        summary_file.write(folder.path, summarize(folder))
        print(folder.path)


if __name__ == "__main__":
    main()
