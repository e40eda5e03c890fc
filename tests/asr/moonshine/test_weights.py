"""Only the verified files are loaded; other files cause an error with instructions."""

import shutil
import sys

import pytest

from voicelab.asr import catalog
from voicelab.asr.moonshine import weights
from voicelab.asr.pocketsphinx.recognizer import PocketSphinx
from voicelab.errors import EngineMissingError

pytest.importorskip("moonshine_voice")


def copied(tmp_path, monkeypatch):
    """A fake package moonshine_voice, with links to the real files."""
    folder = tmp_path / "moonshine_voice" / "assets" / "tiny-en"
    real = weights.checked_model_folder()
    folder.mkdir(parents=True)
    (tmp_path / "moonshine_voice" / "__init__.py").touch()
    for name in weights.SHA256:
        (folder / name).symlink_to(real / name)
    monkeypatch.delitem(sys.modules, "moonshine_voice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_the_files_of_the_wheel_are_taken(tmp_path, monkeypatch):
    folder = copied(tmp_path, monkeypatch)
    assert weights.checked_model_folder() == folder


def test_a_wheel_without_weights_is_an_error_with_the_way_out(tmp_path, monkeypatch):
    shutil.rmtree(copied(tmp_path, monkeypatch))
    with pytest.raises(EngineMissingError, match=r"no encoder_model\.ort .* pip install moonshine-voice==0\.1\.0"):
        weights.checked_model_folder()


@pytest.mark.parametrize("name", weights.SHA256)
def test_a_file_that_differs_is_named(tmp_path, monkeypatch, name):
    path = copied(tmp_path, monkeypatch) / name
    data = bytearray(path.read_bytes()[:4096])
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(EngineMissingError, match=rf"{name} is not the file of version 0\.1\.0"):
        weights.checked_model_folder()


@pytest.mark.parametrize(
    ("system", "machine", "libc", "words"),
    [
        ("Linux", "x86_64", ("glibc", "2.36"), "moonshine-voice is not installed"),
        ("Linux", "x86_64", ("glibc", "2.31"), "no wheel for this system (Linux x86_64, glibc 2.31)"),
        ("Linux", "aarch64", ("", ""), "no wheel for this system (Linux aarch64, no glibc)"),
        ("Darwin", "arm64", ("", ""), "no wheel for this system (Darwin arm64"),
    ],
)
def test_where_there_is_no_wheel_is_said(monkeypatch, system, machine, libc, words):
    monkeypatch.setattr(weights.platform, "system", lambda: system)
    monkeypatch.setattr(weights.platform, "machine", lambda: machine)
    monkeypatch.setattr(weights.platform, "libc_ver", lambda: libc)
    assert words in weights.why_absent()


def test_the_fallback_says_in_every_result_what_it_replaces(monkeypatch):
    assert catalog.DEFAULT_RECOGNIZER == "moonshine"
    assert PocketSphinx().load().note == ""
    monkeypatch.setattr(catalog, "DEFAULT_RECOGNIZER", "pocketsphinx")
    note = PocketSphinx().load().note
    assert note.startswith("pocketsphinx is the default recognizer here, in place of moonshine: moonshine-voice ")
