"""Compare runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from voicelab.analysis.api.run import Run
from voicelab.analysis.compare import Comparison
from voicelab.analysis.compare import compare as compare_folders


def compare(
    *runs: Run | Path | str,
    normalizer: str | None = None,
    seed: int = 0,
    draws: int = 2000,
    figures: Iterable[Any] = (),
) -> Comparison:
    """Compare finished runs on the same samples: Run objects or their folders.

    normalizer: for all runs; by default the one with which all runs were made. seed, draws: of the bootstrap. figures:
    additional figures. Raises InputError if the runs cannot be compared.
    """
    folders = [run.folder if isinstance(run, Run) else Path(run) for run in runs]
    return compare_folders(folders, rules=normalizer, seed=seed, draws=draws, figures=figures)
