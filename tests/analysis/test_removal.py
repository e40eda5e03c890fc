"""`voicelab runs rm` removes all of the named runs or none."""

import pathlib
import shutil

import pytest

from tests.support.protected import run_protected
from tests.support.run_folders import write_run
from voicelab.analysis import run_removal
from voicelab.errors import InputError, VoicelabError


@pytest.fixture
def out(tmp_path):
    for name in ("a", "b", "c"):
        write_run(tmp_path, name)
    return tmp_path


def names(out):
    return sorted(path.name for path in out.iterdir())


@pytest.mark.parametrize("protected", [".", "b", "b/audio"])
def test_a_write_protected_run_keeps_all_of_them(out, protected):
    (out / protected).chmod(0o555)
    done = run_protected("runs", "rm", "a", "b", "c", "--out", out, "--yes", folder=out)
    (out / protected).chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert "is write-protected; nothing was removed" in done.stderr
    assert done.stderr.count("\n") == 1
    assert names(out) == ["a", "b", "c"]


@pytest.mark.parametrize("failing", ["a", "b", "c"])
def test_a_run_that_cannot_be_moved_brings_the_others_back(out, monkeypatch, failing):
    rename = pathlib.Path.rename

    def refuse(path, target):
        if path == out / failing:
            raise PermissionError(13, "Permission denied", str(path))
        return rename(path, target)

    monkeypatch.setattr(pathlib.Path, "rename", refuse)
    with pytest.raises(InputError, match=f"{failing}: cannot be removed: Permission denied; nothing was removed"):
        run_removal.remove([out / "a", out / "b", out / "c"])
    assert names(out) == ["a", "b", "c"]
    assert all((out / name / "run.json").is_file() for name in "abc")


def test_what_the_system_does_not_delete_is_named(out, monkeypatch):
    def refuse(path):
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(VoicelabError, match=r"not all of it was deleted: Input/output error; delete .*\.removed-"):
        run_removal.remove([out / "a"])
    assert not (out / "a").exists()


def test_one_run_under_two_names_is_removed_once(out):
    done = run_protected("runs", "rm", "a", out / "a", "./a", "--out", out, "--yes", folder=out)
    assert done.returncode == 0, done.stderr
    assert names(out) == ["b", "c"]
