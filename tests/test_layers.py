"""Dependencies point down only, siblings never import each other, and the public names are the listed ones."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import voicelab

PROJECT = Path(__file__).parents[1]
LAYERS = [
    {"addresses", "blocking", "stages", "heap", "faults"},
    {"children", "errors"},
    {"file_errors", "metric_names", "run_names"},
    {"clip", "text", "places", "work_pool", "storage", "checking"},
    {"playout", "codecs", "opus", "models", "openai_client", "soundcheck"},
    {"audio"},
    {"engines", "datasets", "metrics", "conditions"},
    {"transcripts"},
    {"asr", "agent", "tts", "vad", "encoder", "score"},
    {"systems", "tagged"},
    {"worker", "wire"},
    {"lanes"},
    {"hosting"},
    {"reply_audio"},
    {"turn", "client", "results", "listening"},
    {"provenance", "targets", "run_language", "notebook", "replayed", "runlock", "stimulus"}
    | {"planning", "reconnection"},
    {"runs", "report", "replay", "bench"},
    {"figures", "kept", "tracking"},
    {"removal"},
    {"compare", "audit", "roundtrip", "sweep"},
    {"gate", "power"},
    {"terminal"},
    {"commands"},
    {"cli", "server"},
    {"__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
FILES = sorted([*PROJECT.glob("voicelab/**/*.py"), *PROJECT.glob("server/**/*.py")])


def unit(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return "server" if parts[0] == "server" else parts[1]


def imported(path: Path) -> set[str]:
    """The units that a file imports, those only for type checking too."""
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


def test_the_server_never_imports_runs_or_reports():
    for path in PROJECT.glob("server/**/*.py"):
        assert not imported(path) & {"runs", "report", "targets", "notebook", "cli", "terminal"}


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
