"""torchaudio is helped through its import only where that ends with OSError; one that works is left alone.

Each case is a small package of that name on the path of a fresh process, which fails as the real one does.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WORKING = {
    "__init__.py": "from torchaudio import _extension\nkaldi = 'here'\n",
    "_extension/__init__.py": "built = True\n",
}
UNFIT = {
    "__init__.py": WORKING["__init__.py"] + "assert not _extension._IS_TORCHAUDIO_EXT_AVAILABLE\n",
    "_extension/__init__.py": "raise OSError('libc10_cuda.so: cannot open shared object file')\n",
}
TRY = """
import sys
from voicelab.asr.sensevoice.torchaudio_import import open_torchaudio
print("without its compiled part:", open_torchaudio())
import torchaudio
print(torchaudio.kaldi, getattr(sys.modules["torchaudio._extension"], "built", None))
"""


def opened(tmp_path, files):
    for name, text in files.items():
        file = tmp_path / "torchaudio" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    return subprocess.run([sys.executable, "-c", TRY], env={**os.environ, "PYTHONPATH": path}, capture_output=True,
                          text=True, check=False)  # fmt: skip


def test_one_that_works_is_left_alone(tmp_path):
    done = opened(tmp_path, WORKING)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["without its compiled part: False", "here True"]


def test_one_whose_library_does_not_fit_is_imported_without_it(tmp_path):
    done = opened(tmp_path, UNFIT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["without its compiled part: True", "here None"]


@pytest.mark.parametrize("error", ["ImportError", "ModuleNotFoundError", "AttributeError", "RuntimeError"])
def test_any_other_failure_is_not_covered_up(tmp_path, error):
    done = opened(tmp_path, {**UNFIT, "_extension/__init__.py": f"raise {error}('something else')\n"})
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1] == f"{error}: something else"
