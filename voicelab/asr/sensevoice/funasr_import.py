"""Imports funasr without the models that SenseVoice and fsmn-vad do not use.

`import funasr` imports every module of the package to register its classes, and with them sklearn, transformers, numba
and sympy: about 8 s of processor time, of which the needed modules take 3 s. So the walk over the package is skipped,
and the needed modules are imported by name.
"""

import importlib
import pkgutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_NEEDED = (
    "auto.auto_model", "models.sense_voice.model", "models.specaug.specaug", "models.fsmn_vad_streaming.model",
    "models.fsmn_vad_streaming.encoder", "frontends.wav_frontend", "tokenizer.sentencepiece_tokenizer",
)  # fmt: skip
_COMPONENTS = ("model", "encoder", "frontend", "tokenizer", "specaug", "normalize")
"""Fields of a config.yaml that name a class. funasr's table of a field's classes is `<field>_classes`."""
_importing = threading.Lock()


def open_funasr() -> None:
    """Import funasr with the modules of SenseVoice and fsmn-vad. Raises ImportError for a missing package."""
    with _importing:
        if "funasr" not in sys.modules:
            with _no_walk_over_funasr():
                importlib.import_module("funasr")
        for name in _NEEDED:
            importlib.import_module(f"funasr.{name}")


def register_classes(config: Mapping[str, Any]) -> None:
    """Import all of funasr if a config.yaml names a class that the needed modules do not define."""
    import funasr
    from funasr.register import tables

    named = {field: name for field in _COMPONENTS if isinstance(name := config.get(field), str)}
    if "model" not in named or any(name not in getattr(tables, f"{field}_classes") for field, name in named.items()):
        funasr.import_submodules("funasr")


@contextmanager
def _no_walk_over_funasr() -> Iterator[None]:
    """Let `pkgutil.walk_packages` find nothing in funasr; other packages are walked as usual."""
    walk = pkgutil.walk_packages

    def walk_others(path: Any = None, prefix: str = "", onerror: Any = None) -> Iterator[pkgutil.ModuleInfo]:
        return iter(()) if prefix == "funasr." else walk(path, prefix, onerror)

    pkgutil.walk_packages = walk_others
    try:
        yield
    finally:
        pkgutil.walk_packages = walk
