"""The command line: output and exit codes (0 success, 1 failed, 2 bad input)."""

import json
import subprocess
import sys

import pytest
from typer.main import get_command

from tests.support.command_line import voicelab
from tests.support.sample_sets import samples_folder, write_set
from voicelab import datasets
from voicelab.cli.main import app

FAKE = ["--asr", "fake:text=news about apple", "--tts", "fake", "--in-process"]


def test_help_teaches():
    shown = voicelab("evaluate", "--help")
    assert shown.exit_code == 0
    for word in (
        "--samples",
        "--asr",
        "--mode",
        "--in-process",
        "--url",
        "--limit",
        "--category",
        "--seed",
        "--out",
        "--resume",
    ):
        assert word in shown.output
    for command in ("evaluate", "report", "engines", "samples"):
        assert command in voicelab("--help").output


def leaves(command, name=""):
    """All commands below a command: (words, command)."""
    if not hasattr(command, "commands"):
        yield name.strip(), command
    for word, below in getattr(command, "commands", {}).items():
        yield from leaves(below, f"{name} {word}")


def test_the_help_of_every_command_has_an_example_that_calls_it():
    for name, command in leaves(get_command(app)):
        paragraphs = (command.help or "").split("\n\n")
        example = paragraphs[-1]
        assert example.startswith("Example"), name
        assert f"voicelab {name}" in example, name
        assert not any("\n" in one for one in paragraphs[:-1]), "the terminal wraps the lines"


def test_an_evaluation_prints_its_figures_and_where_the_report_is(tmp_path):
    done = voicelab("evaluate", *FAKE, "--limit", 6, "--out", tmp_path, "--run-id", "r")
    assert done.exit_code == 0, done.output
    assert "run r" in done.output
    assert "WER" in done.output
    assert "report.html" in done.output
    assert (tmp_path / "r" / "report.html").stat().st_size > 10_000
    assert json.loads((tmp_path / "r" / "summary.json").read_text())["run_id"] == "r"
    again = voicelab("report", tmp_path / "r")
    assert again.exit_code == 0
    assert "WER" in again.output


def test_turns_that_failed_end_with_exit_code_1_and_a_report_all_the_same(tmp_path):
    path = write_set(tmp_path)
    (tmp_path / "a.ogg").write_bytes(b"OggS, but no more")
    done = voicelab("evaluate", *FAKE, "--samples", path, "--out", tmp_path, "--run-id", "r")
    assert done.exit_code == 1
    assert "2 of 3 turns failed; the first, a:" in done.output
    assert (tmp_path / "r" / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["evaluate", "--asr", "nope"], "unknown asr engine 'nope'; known: moonshine, pocketsphinx"),
        (["evaluate", "--tts", "espeak:speed=3"], "has no option 'speed'"),
        (["evaluate", "--samples", "nowhere.json"], "nowhere.json: does not exist"),
        (["evaluate", "--in-process", "--url", "http://localhost:1"], "exclude each other"),
        (["evaluate", "--url", "http://127.0.0.1:9"], "no voicelab server answers there"),
        (["evaluate", "--category", "cats"], "no category 'cats'"),
        (["evaluate", "--resume", "nowhere", "--limit", "3"], "leave --limit out"),
        (["evaluate", "--resume", "nowhere"], "cannot be read"),
        (["report", "nowhere"], "give the folder of a run"),
        (["samples", "nowhere.csv"], "nowhere.csv: does not exist"),
        (["evaluate", "--mode", "sideways"], "sideways"),
        (["evaluate", "--limit", "0"], "--limit"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, monkeypatch, arguments, complaint):
    monkeypatch.chdir(tmp_path)
    done = voicelab(*arguments)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_an_engine_that_fails_to_load_is_exit_code_1(tmp_path):
    done = voicelab("evaluate", "--tts", "espeak:voice=nowhere", "--in-process", "--out", tmp_path)
    assert done.exit_code == 1
    assert "unknown voice 'nowhere'" in done.output


def test_engines_are_listed_with_their_options():
    shown = voicelab("engines")
    assert shown.exit_code == 0
    for word in (
        "pocketsphinx",
        "rules",
        "espeak",
        "fake",
        "threshold: float",
        "beam_size: int = 5",
        "needs weights: voicelab models pull sensevoice",
    ):
        assert word in shown.output


def test_a_set_is_checked_with_its_audio(tmp_path):
    shown = voicelab("samples", samples_folder())
    assert shown.exit_code == 0
    whole = datasets.load(samples_folder())
    counted = f"{len(whole)} samples, {len(whole.scenarios)} scenarios; every recording can be decoded."
    assert counted in shown.output
    path = write_set(tmp_path)
    (tmp_path / "a.ogg").write_bytes(b"OggS, but no more")
    broken = voicelab("samples", path)
    assert broken.exit_code == 2
    assert "a.ogg (sample 'a')" in " ".join(broken.output.split()).replace(" .ogg", ".ogg")


def test_the_installed_command_runs():
    done = subprocess.run([sys.executable, "-m", "voicelab", "--help"], capture_output=True, text=True, check=True)
    assert "evaluate" in done.stdout
