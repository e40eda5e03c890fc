"""Locate and verify the model smart-turn v3.2 in the wheel of pipecat-ai.

The wheel is installed without its dependencies: they exclude the versions of soxr, protobuf and soundfile with which
voicelab is tested, and the model does not need them.
"""

from importlib.util import find_spec
from pathlib import Path

from voicelab.engines.weights.cache import sha256
from voicelab.errors import EngineMissingError

SHA256 = "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"
INSTALL_COMMAND = "pip install --no-deps pipecat-ai==1.14.0"
_FILE = "audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"


def checked_model() -> Path:
    """Return the model file in the installed wheel. Raises EngineMissingError if it is missing or differs."""
    found = find_spec("pipecat")
    if found is None or found.origin is None:
        raise _missing("pipecat-ai, whose wheel contains the model, is not installed")
    path = Path(found.origin).parent / _FILE
    if not path.is_file():
        raise _missing(f"the installed pipecat-ai has no {path.name}")
    digest = sha256(path)
    if digest != SHA256:
        raise _missing(f"{path} is not the model of version 1.14.0 (SHA-256 {digest[:12]}…)")
    return path


def _missing(reason: str) -> EngineMissingError:
    return EngineMissingError("smart-turn", f"{reason}; run: {INSTALL_COMMAND}")
