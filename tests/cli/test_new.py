"""A new package passes its contract test, and its component works after installation."""

import subprocess
import sys
import tomllib
from typing import get_args

import pytest

from tests.support.command_line import voicelab
from voicelab.cli.scaffold.package import Kind, write_package
from voicelab.engines import outside
from voicelab.errors import InputError


def test_every_kind_passes_its_own_contract(tmp_path):
    """Test all packages in one pytest process, with a search path instead of an installation."""
    folders = [write_package(kind, f"my-{kind}", tmp_path) for kind in get_args(Kind)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", *map(str, folders)],
        env={"PYTHONPATH": ":".join(map(str, folders)), "PATH": ""},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 passed" in done.stdout


@pytest.mark.parametrize("kind", ["asr", "agent", "tts", "condition"])
def test_its_entry_point_names_a_component(tmp_path, monkeypatch, kind):
    folder = write_package(kind, f"lab-{kind}", tmp_path)
    ((group, points),) = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"].items()
    monkeypatch.syspath_prepend(str(folder))
    assert group == {"condition": "voicelab.conditions"}.get(kind, f"voicelab.{kind}")
    assert outside.build(kind, points[f"lab-{kind}"], {}) is not None


def test_the_command_writes_it_once(tmp_path):
    shown = voicelab("new", "figure", "my-figure", "--out", tmp_path)
    assert (shown.exit_code, f"wrote {tmp_path / 'my-figure'}" in shown.output.replace("\n", "")) == (0, True)
    again = voicelab("new", "figure", "my-figure", "--out", tmp_path)
    assert again.exit_code == 2
    with pytest.raises(InputError, match="use small letters"):
        write_package("asr", "My Recognizer", tmp_path)
    with pytest.raises(InputError, match="a module json is installed"):
        write_package("asr", "json", tmp_path)
