"""Loads a model folder through funasr's own AutoModel: quietly, completely, and leaving the process as it was."""

from __future__ import annotations

import contextlib
import io
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from voicelab.asr.sensevoice.torchaudio_import import open_torchaudio
from voicelab.errors import EngineError, EngineMissingError


def load_funasr(folder: Path, *, model_class: str, device: str) -> tuple[Any, dict[str, Any]]:
    """The model of a folder (config.yaml, model.pt, ...) and the options that funasr runs it with.

    model_class: what it has to be, "SenseVoiceSmall" for one. device: "cpu", "cuda:0", ... Raises
    EngineMissingError when the folder holds another model, or weights are lacking or do not fit.
    """
    for name in ("config.yaml", "model.pt"):
        if not (folder / name).is_file():
            raise EngineMissingError("sensevoice", f"{folder} holds no {name}; name a folder that a pull made")
    import_funasr()
    with _quietly():
        import torch
        from funasr import AutoModel

        threads = torch.get_num_threads()
        with _same_random_state():
            # ncpu is what torch has already: funasr would set 4 threads for the whole process.
            auto = AutoModel(
                model=str(folder), device=device, ncpu=threads, disable_update=True, disable_pbar=True,
                log_level="ERROR",
            )  # fmt: skip
        torch.set_num_threads(threads)
    if str(auto.kwargs["device"]) != device:
        raise EngineError("sensevoice", f"asked for device {device}, funasr took {auto.kwargs['device']}")
    if auto.model.__class__.__name__ != model_class:
        raise EngineMissingError("sensevoice", f"{folder} holds a {auto.model.__class__.__name__}, not a {model_class}")
    _check_complete(folder / "model.pt", auto.model)
    return auto.model, auto.kwargs


def import_funasr() -> None:
    """Import funasr, through the door where torchaudio needs one; EngineMissingError names what is not installed."""
    try:
        with _quietly(), _same_random_state():
            open_torchaudio()
            import funasr  # noqa: F401
    except ImportError as error:
        raise EngineMissingError("sensevoice", f"{error}; run: pip install 'voicelab[sensevoice]'") from error


def _check_complete(file: Path, model: Any) -> None:
    """funasr goes on with random numbers for weights that a file lacks or that do not fit; here that is an error."""
    import torch

    stored = torch.load(file, map_location="cpu", mmap=True, weights_only=True)
    for wrapper in ("state_dict", "model_state_dict", "model"):
        stored = stored.get(wrapper, stored)
    stored = {name.removeprefix("module."): value for name, value in stored.items()}
    for name, value in model.state_dict().items():
        if name not in stored:
            raise EngineMissingError("sensevoice", f"{file} lacks the weights {name!r}; fetch the model again")
        if stored[name].shape != value.shape:
            raise EngineMissingError("sensevoice", f"{file}: the weights {name!r} do not fit config.yaml")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """funasr prints while it is imported and loaded, and takes the root logger for its own; both are undone."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [logging.NullHandler()]  # with one there, logging.basicConfig adds none
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


@contextlib.contextmanager
def _same_random_state() -> Iterator[None]:
    """funasr seeds every generator of the process when it loads, and draws when it is imported; they are put back."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
