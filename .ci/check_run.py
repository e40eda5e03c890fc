"""Check the output of `make eval`: `python .ci/check_run.py reports/<run_id>`."""

import json
import sys
from pathlib import Path


def main(folder: Path) -> int:
    run = json.loads((folder / "run.json").read_text())
    turns = [json.loads(line) for line in (folder / "turns.jsonl").read_text().splitlines()]
    summary = json.loads((folder / "summary.json").read_text())
    page = (folder / "report.html").read_text()
    wer = summary["figures"]["wer"]
    spoken = [turn for turn in turns if turn["text"].strip()]
    checks = {
        "the run is finished": run["status"] == "finished",
        "every planned turn was run": len(turns) == run["planned_turns"] > 20,
        "every request got a spoken reply": all(turn["first_audio_s"] is not None for turn in spoken),
        "the words were scored": 0 < wer["value"] < 0.45,
        "the word error rate has an interval": wer["low"] <= wer["value"] <= wer["high"],
        "the changed actions are known": summary["figures"]["action_changes"]["value"] is not None,
        "the report contains audio and plots": "data:audio" in page and ("data:image" in page or "<svg" in page),
        "the executed notebook is saved": (folder / "evaluate.ipynb").exists(),
        "the table is saved": (folder / "turns.parquet").exists(),
    }
    for name, holds in checks.items():
        print("ok  " if holds else "FAIL", name)
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
