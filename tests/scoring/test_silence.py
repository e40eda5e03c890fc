"""Samples without speech: recognized words are false speech, and an empty transcript is correct."""

import json

import numpy as np
import pytest

from tests.support.command_line import voicelab
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.datasets import load
from voicelab.errors import InputError


def sound(path, level, seconds):
    noise = np.random.default_rng(0).normal(0, 1, int(16000 * seconds))
    path.write_bytes(codecs.encode_wav(Clip((level * noise).astype(np.float32), 16000)))


@pytest.fixture
def folder(tmp_path):
    sound(tmp_path / "noise.wav", 0.2, 3.0)
    sound(tmp_path / "quiet.wav", 0.0, 6.0)
    return tmp_path


def written(folder, rows):
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(folder, rows, run_id="r"):
    result = voicelab(
        "evaluate", "--samples", written(folder, rows), "--in-process", "--asr", "fake:text=thank you all",
        "--agent", "fake", "--tts", "fake", "--out", folder, "--run-id", run_id,
    )  # fmt: skip
    return result, json.loads((folder / run_id / "summary.json").read_text())


NOISE = {"id": "noise", "audio_filepath": "noise.wav", "text": ""}
QUIET = {"id": "quiet", "audio_filepath": "quiet.wav", "text": " "}
SPEECH = {"id": "speech", "audio_filepath": "noise.wav", "text": "thank you"}


def test_what_is_heard_where_nobody_speaks_is_inserted(folder):
    result, summary = run(folder, [NOISE, QUIET, SPEECH])
    assert result.exit_code == 0, result.output
    wer, kept, false = (summary["figures"][name] for name in ("wer", "silence_kept", "false_speech_per_minute"))
    assert (wer["of"], wer["counts"]["insertions"], wer["n"], wer["value"]) == (2, 4, 3, 2.0)
    assert (kept["n"], kept["part"], kept["of"]) == (2, 1, 2)
    assert (false["part"], false["of"], false["value"]) == (3, pytest.approx(0.15), pytest.approx(20.0))
    assert false["low"] < 20 < false["high"]
    assert "samples without speech and with an empty transcript" in result.output


def test_silence_alone_has_no_word_error_rate_and_says_why(folder):
    result, summary = run(folder, [NOISE, QUIET])
    assert summary["figures"]["wer"]["value"] is None
    assert "3 errors in 0 words, the denominator is 0" in " ".join(result.output.split())


def test_a_set_with_speech_alone_has_no_figures_of_silence(folder):
    result, summary = run(folder, [SPEECH])
    silence = summary["figures"]["silence_kept"]
    assert (silence["value"], silence["n"], silence["missing"]) == (None, 0, "nothing was scored")
    assert "without speech" not in result.output


def test_report_gate_and_summary_agree_that_nothing_heard_is_no_failure(folder):
    result, summary = run(folder, [QUIET, {**SPEECH, "audio_filepath": "quiet.wav"}])
    assert result.exit_code == 0
    assert (summary["turns"]["failed"], summary["turns"]["nothing_heard"], summary["turns"]["failures"]) == (0, 2, {})
    assert "none failed, no words recognized in 2" in " ".join(result.output.split())
    gate = voicelab("gate", folder / "r", "--max", "wer=1")
    assert (gate.exit_code, "0 of 2 failed; no words recognized in 2" in gate.output) == (0, True)
    page = (folder / "r" / "report.html").read_text()
    assert "no words recognized in 2" in page
    assert "turns failed" not in page


def test_samples_says_how_many_have_no_speech(folder):
    out = voicelab("samples", written(folder, [NOISE, SPEECH])).output
    assert "1 of them without speech" in out


def test_a_missing_text_is_still_an_error(folder):
    row = {key: value for key, value in NOISE.items() if key != "text"}
    with pytest.raises(InputError, match=r"line 1: field 'text' is missing"):
        load(written(folder, [row]))
