"""Write a small installable package around one component, with its contract test."""

import keyword
import re
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Literal

from voicelab.errors import InputError

Kind = Literal["asr", "agent", "tts", "figure", "target", "condition", "reader"]
_GROUPS: dict[str, str] = {kind: f"{kind}s" for kind in ("figure", "target", "condition", "reader")}
"""Entry point groups whose name is not that of the kind."""
_USAGE = {
    "asr": "voicelab evaluate --asr {entry}",
    "agent": "voicelab evaluate --agent {entry}",
    "tts": "voicelab evaluate --tts {entry}",
    "figure": "voicelab evaluate    # reports the figure {entry} too",
    "target": "voicelab evaluate --target {entry} --mode realtime",
    "condition": "voicelab evaluate --condition {entry}",
    "reader": "voicelab evaluate --samples {entry}:PATH",
}


def write_package(kind: Kind, name: str, out: Path) -> Path:
    """Write the package `name` into the folder out/name; returns that folder.

    Raises InputError for a name that cannot be a module's or is an installed module's, and where the folder exists.
    """
    module = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name) or keyword.iskeyword(module):
        raise InputError(f"NAME {name!r}: use small letters, digits, - and _, beginning with a letter: my-{kind}")
    known = find_spec(module)
    if known is not None and known.origin is not None:
        raise InputError(f"NAME {name!r}: a module {module} is installed and would hide it; choose another name")
    folder = out / name
    if folder.exists():
        raise InputError(f"{folder}: exists already; choose another name or --out")
    words = {
        "name": name,
        "module": module,
        "entry": module if kind == "figure" else name,
        "object": _object_name(kind, module),
        "group": _GROUPS.get(kind, kind),
    }
    words["usage"] = _USAGE[kind].format(entry=words["entry"])
    for template, file in (
        ("pyproject.toml", "pyproject.toml"),
        ("README.md", "README.md"),
        (f"{kind}.py", f"{module}/__init__.py"),
        (f"{kind}_test.py", "tests/test_contract.py"),
    ):
        text = files("voicelab.cli.scaffold").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words), encoding="utf-8")
    return folder


def _object_name(kind: str, module: str) -> str:
    """Return a constant's name for a figure, a function's for a reader, and a class's for others."""
    if kind == "figure":
        return module.upper()
    return f"read_{module}" if kind == "reader" else "".join(part.title() for part in module.split("_"))
