"""Dependencies point down only, siblings never import each other, and the public names are the listed ones."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import voicelab

PROJECT = Path(__file__).parents[2]
LAYERS = [
    {"errors"},
    {"engines", "paths", "text"},
    {"agent", "audio", "metrics"},
    {"conditions", "datasets", "tts", "vad"},
    {"asr"},
    {"pipeline"},
    {"targets"},
    {"runs"},
    {"figures"},
    {"scoring"},
    {"report"},
    {"analysis"},
    {"server"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
FILES = sorted([*PROJECT.glob("voicelab/**/*.py"), *PROJECT.glob("server/**/*.py")])


def unit(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return "server" if parts[0] == "server" else parts[1]


def imported(path: Path) -> set[str]:
    """The units that a file imports, including imports for type checking only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "server":
                found.add("server")
            elif parts[0] == "voicelab" and len(parts) > 1:
                found.add(parts[1])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_imports_point_down(path):
    mine = unit(path)
    if mine == "__init__":
        return  # the public surface names everything, lazily
    for other in imported(path) - {mine}:
        assert other in RANK, f"{other} has no layer; give it one"
        assert RANK[other] < RANK[mine], f"{mine} must not import {other}"


def test_the_map_stays_small():
    """`ls voicelab` shows at most 20 names; new modules go into an existing package."""
    ours = {unit(path) for path in FILES if path.is_relative_to(PROJECT / "voicelab")} - {"__init__", "__main__"}
    assert len(ours) <= 20
    assert ours <= set(RANK)


def test_the_server_neither_starts_runs_nor_renders_reports():
    """It lists runs, so it may read their records and lock."""
    for path in PROJECT.glob("server/**/*.py"):
        text = path.read_text()
        assert not imported(path) & {"report", "cli"}, path
        assert not re.search(r"runs\.(runner|execution|begun_run)\b", text), path
        assert not re.search(r"from voicelab\.runs import .*\b(runner|target_opening|notebook)\b", text), path
        assert "targets" not in imported(path), path


def test_the_public_names_are_the_listed_ones():
    assert voicelab.__all__ == sorted(voicelab.__all__)
    for name in voicelab.__all__:
        assert getattr(voicelab, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        voicelab.nothing  # noqa: B018


def test_nothing_heavy_loads_with_the_command_line():
    program = "import sys, voicelab, voicelab.cli.main; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & {"numpy", "av", "pandas", "matplotlib", "torch", "fastapi", "jiwer", "papermill"}


def test_no_file_is_called_a_drawer():
    names = {path.stem for path in FILES}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
