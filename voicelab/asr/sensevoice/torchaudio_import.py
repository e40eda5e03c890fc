"""Lets `import torchaudio` through where its compiled part does not fit the torch that is installed.

The torchaudio that PyPI holds for Linux is linked against CUDA; beside a CPU build of torch its shared library cannot
be loaded, and the import ends with OSError (`libc10_cuda.so` is not there). funasr only uses
`torchaudio.compliance.kaldi`, which is Python. So where, and only where, the plain import fails in this way, torchaudio
is told that it has no compiled part, which it knows how to live with; what needs that part then fails with its own
words. A torchaudio that works, or that is not there at all, is left alone.
"""

from __future__ import annotations

import importlib
import sys
import threading
import types
from typing import NoReturn

_EXTENSION = "torchaudio._extension"
_opening = threading.Lock()


def open_torchaudio() -> bool:
    """Import torchaudio; True when it runs without its compiled part. ImportError when it is not installed."""
    with _opening:
        try:
            importlib.import_module("torchaudio")
        except OSError:
            _forget_torchaudio()
            sys.modules[_EXTENSION] = _no_extension()
            importlib.import_module("torchaudio")
        return getattr(sys.modules.get(_EXTENSION), "__file__", None) is None


def _forget_torchaudio() -> None:
    """The failed import leaves some of its modules behind, half made."""
    for name in [name for name in sys.modules if name == "torchaudio" or name.startswith("torchaudio.")]:
        del sys.modules[name]


def _no_extension() -> types.ModuleType:
    def fail_if_no_align(function: object) -> object:
        def refuse(*_: object, **__: object) -> NoReturn:
            raise RuntimeError("forced alignment needs a torchaudio that is built for the installed torch")

        return refuse

    module = types.ModuleType(_EXTENSION)
    vars(module).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=fail_if_no_align
    )
    return module
