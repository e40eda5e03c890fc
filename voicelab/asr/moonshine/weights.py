"""Locates and verifies the model tiny-en inside the wheel moonshine-voice."""

import platform
from importlib.util import find_spec
from pathlib import Path

from voicelab.engines.weights.cache import sha256
from voicelab.errors import EngineMissingError

PACKAGE = "moonshine-voice"
OLDEST_GLIBC = (2, 34)
WANTED = "pip install moonshine-voice==0.1.0"
SHA256 = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
"""Files of tiny-en in the wheel 0.1.0, identical on x86-64 and arm64."""


def checked_model_folder() -> Path:
    """Return the folder of tiny-en in the installed wheel.

    Raises EngineMissingError if the package, the folder or a file is missing, or a SHA-256 differs.
    """
    found = find_spec("moonshine_voice")
    if found is None or found.origin is None:
        raise EngineMissingError("moonshine", f"{why_absent()}; run: {WANTED}")
    folder = Path(found.origin).parent / "assets" / "tiny-en"
    check_files(folder)
    return folder


def check_files(folder: Path) -> None:
    """Verify each file's SHA-256. Raises EngineMissingError, which names the first missing or different file."""
    for name, expected in SHA256.items():
        path = folder / name
        if not path.is_file():
            raise EngineMissingError(
                "moonshine", f"{PACKAGE} has no {path.name} in {folder}: later wheels contain no weights; run: {WANTED}"
            )
        digest = sha256(path)
        if digest != expected:
            raise EngineMissingError(
                "moonshine", f"{path} is not the file of version 0.1.0 (SHA-256 {digest[:12]}…); run: {WANTED}"
            )


def why_absent() -> str:
    """Return why the package is not installed, as a clause: no wheel for this system, or not installed by the user."""
    library, version = platform.libc_ver()
    fits = platform.system() == "Linux" and platform.machine() in ("x86_64", "aarch64")
    if fits and library == "glibc" and tuple(map(int, version.split(".")[:2])) >= OLDEST_GLIBC:
        return f"{PACKAGE} is not installed"
    here = f"{platform.system()} {platform.machine()}, {library or 'no glibc'} {version}".strip()
    return f"{PACKAGE} has no wheel for this system ({here}): Linux x86-64 or arm64 with glibc 2.34 or newer"
