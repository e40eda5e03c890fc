"""Loads a model folder through funasr's AutoModel, verifies its completeness, and restores the process's state."""

import contextlib
import io
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from voicelab.asr.sensevoice.funasr_import import open_funasr, register_classes
from voicelab.asr.sensevoice.torchaudio_import import open_torchaudio
from voicelab.errors import EngineError, EngineMissingError


def load_funasr(folder: Path, *, model_class: str, device: str) -> tuple[Any, dict[str, Any]]:
    """Load the model of a folder (config.yaml, model.pt, ...); also return funasr's options.

    model_class: expected class, such as "SenseVoiceSmall". device: "cpu", "cuda:0", ... Raises EngineMissingError for
    another class, and for missing or incompatible weights.
    """
    for name in ("config.yaml", "model.pt"):
        if not (folder / name).is_file():
            raise EngineMissingError("sensevoice", f"{folder} has no {name}; give a folder from voicelab models pull")
    import_funasr()
    with _quietly():
        import torch
        import yaml
        from funasr import AutoModel

        threads = torch.get_num_threads()
        with _same_random_state():
            register_classes(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
            # ncpu is torch's current setting; funasr would otherwise set 4 threads for the whole process.
            auto = AutoModel(
                model=str(folder), device=device, ncpu=threads, disable_update=True, disable_pbar=True,
                log_level="ERROR",
            )  # fmt: skip
        torch.set_num_threads(threads)
    if str(auto.kwargs["device"]) != device:
        raise EngineError("sensevoice", f"requested device {device}, but funasr chose {auto.kwargs['device']}")
    if auto.model.__class__.__name__ != model_class:
        raise EngineMissingError(
            "sensevoice", f"{folder} contains a {auto.model.__class__.__name__}, not a {model_class}"
        )
    _check_complete(folder / "model.pt", auto.model)
    return auto.model, auto.kwargs


def import_funasr() -> None:
    """Import funasr, with the torchaudio workaround if needed. Raises EngineMissingError for a missing package."""
    try:
        with _quietly(), _same_random_state():
            open_torchaudio()
            open_funasr()
    except ImportError as error:
        raise EngineMissingError("sensevoice", f"{error}; run: pip install 'voicelab[sensevoice]'") from error


def _check_complete(file: Path, model: Any) -> None:
    """Raise an error for missing or incompatible weights, which funasr would replace by random numbers."""
    import torch

    stored = torch.load(file, map_location="cpu", mmap=True, weights_only=True)
    for wrapper in ("state_dict", "model_state_dict", "model"):
        stored = stored.get(wrapper, stored)
    stored = {name.removeprefix("module."): value for name, value in stored.items()}
    for name, value in model.state_dict().items():
        if name not in stored:
            raise EngineMissingError("sensevoice", f"{file} lacks the weights {name!r}; fetch the model again")
        if stored[name].shape != value.shape:
            raise EngineMissingError("sensevoice", f"{file}: the weights {name!r} do not match config.yaml")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Suppress funasr's output during import and loading, and restore the root logger, which it reconfigures."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [logging.NullHandler()]  # with a handler present, logging.basicConfig adds none
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


@contextlib.contextmanager
def _same_random_state() -> Iterator[None]:
    """Restore the state of all random generators, which funasr seeds on loading and uses on import."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
