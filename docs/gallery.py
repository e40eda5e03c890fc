"""Execute the shipped notebooks into docs/gallery/executed/: `python docs/gallery.py`. `make docs` runs it first."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from voicelab.runs import notebook

EXECUTED = Path(__file__).parent / "gallery" / "executed"
LIMIT = 12
"""Number of samples in each notebook. The gallery shows what the notebooks look like; its figures are not results."""


def main() -> None:
    """Execute the notebooks into docs/gallery/executed/. The first failure ends the build."""
    shutil.rmtree(EXECUTED, ignore_errors=True)
    EXECUTED.mkdir(parents=True)
    with TemporaryDirectory(prefix="voicelab-gallery-") as folder:
        for name, parameters in _parameters(Path(folder)):
            print(f"executing {name}.ipynb", flush=True)  # noqa: T201
            made = notebook.execute(name, Path(folder) / "executed" / name, parameters)
            shutil.copy(made, EXECUTED / made.name)


def _parameters(runs: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return each notebook with its parameters, in an order in which every run exists before it is read.

    evaluate.ipynb is executed twice, so that compare.ipynb has two runs; the gallery contains the second execution.
    """
    spoken = {"target": "in-process", "limit": LIMIT, "out": str(runs)}
    return [
        ("explore", {}),
        ("evaluate", {**spoken, "run_id": "telephone", "condition": {"telephone": True}}),
        ("evaluate", {**spoken, "run_id": "clean"}),
        ("compare", {"runs": [str(runs / "clean"), str(runs / "telephone")], "listen": 3}),
        ("own_components", {"limit": LIMIT, "out": str(runs), "run_id": "own"}),
        ("many_runs", {"runs": str(runs / "*")}),
        ("study", {"limit": LIMIT, "pilot_limit": 8, "out": str(runs)}),
        ("audit", {"runs": [str(runs / "clean")], "top": 3}),
        ("robustness", {"out": str(runs), "limit": 6, "snr": [20, 0], "bitrate": [], "loss": [], "sweep_id": "noise"}),
    ]


if __name__ == "__main__":
    main()
