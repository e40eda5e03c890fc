"""Makes `import torchaudio` work when its compiled extension does not match the installed torch.

PyPI's torchaudio for Linux is linked against CUDA. With a CPU build of torch its extension cannot be loaded, and the
import fails with OSError (`libc10_cuda.so` is missing). funasr only uses `torchaudio.compliance.kaldi`, which is pure
Python. Only when the plain import fails this way, torchaudio is made to believe that it was built without the
extension, which it supports; functions that need it then raise their own errors. A working or missing torchaudio is
left alone.
"""

import importlib
import sys
import threading
import types
from typing import NoReturn

_EXTENSION = "torchaudio._extension"
_opening = threading.Lock()


def open_torchaudio() -> bool:
    """Import torchaudio; return True if its extension is disabled. Raises ImportError if it is not installed."""
    with _opening:
        try:
            importlib.import_module("torchaudio")
        except OSError:
            _forget_torchaudio()
            sys.modules[_EXTENSION] = _no_extension()
            importlib.import_module("torchaudio")
        return getattr(sys.modules.get(_EXTENSION), "__file__", None) is None


def _forget_torchaudio() -> None:
    for name in [name for name in sys.modules if name == "torchaudio" or name.startswith("torchaudio.")]:
        del sys.modules[name]


def _no_extension() -> types.ModuleType:
    def fail_if_no_align(function: object) -> object:
        def refuse(*_: object, **__: object) -> NoReturn:
            raise RuntimeError("forced alignment needs a torchaudio built for the installed torch")

        return refuse

    module = types.ModuleType(_EXTENSION)
    vars(module).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=fail_if_no_align
    )
    return module
