"""Write the mean and the deviation of features in Kaldi's format, which funasr reads (am.mvn)."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_cmvn(file: Path, features: np.ndarray) -> None:
    """features: shape (frames, size)."""
    shift = " ".join(f"{-value:.5f}" for value in features.mean(axis=0))
    scale = " ".join(f"{1 / max(value, 1e-3):.5f}" for value in features.std(axis=0))
    size = features.shape[1]
    lines = (
        "<Nnet>",
        f"<Splice> {size} {size}", "[ 0 ]",
        f"<AddShift> {size} {size}", f"<LearnRateCoef> 0 [ {shift} ]",
        f"<Rescale> {size} {size}", f"<LearnRateCoef> 0 [ {scale} ]",
        "</Nnet>",
    )  # fmt: skip
    file.write_text("\n".join(lines) + "\n")
