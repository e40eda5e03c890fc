"""Voices crossed with recognizers: all pairs are measured, interactions are correct, and no result is lost."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.command_line import voicelab
from voicelab.analysis.cross.hearing import CrossedSentence
from voicelab.analysis.cross.interaction import crossed_pairs, interactions, whole_sentences
from voicelab.analysis.cross.record import CrossResult
from voicelab.cli.cross import _names
from voicelab.metrics.words import count
from voicelab.text import normalizer
from voicelab.tts.catalog import VOICES

VOICES_ASKED, EARS_ASKED = "fake,fake:tone_hz=300,words_per_s=9", "fake:text=one two,fake:text=three"
RULES = normalizer("english")


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "set.jsonl"
    (tmp_path / "a.wav").write_bytes(b"")
    lines = [{"id": f"s{number}", "text": f"one word {number} more", "audio": "a.wav"} for number in range(12)]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def run(*arguments):
    return voicelab("cross", *arguments)


def test_every_pair_hears_every_text(texts, tmp_path):
    done = run(texts, "--tts", VOICES_ASKED, "--asr", EARS_ASKED, "--out", tmp_path / "x", "--json")
    assert done.exit_code == 0, done.output
    result = CrossResult.model_validate_json((tmp_path / "x" / "cross.json").read_text())
    assert json.loads(done.stdout)["sentences"] == result.sentences == result.planned == 12
    assert list(result.voices) == ["fake", "fake:tone_hz=300,words_per_s=9"]
    assert list(result.recognizers) == EARS_ASKED.split(",")
    lines = [json.loads(line) for line in (tmp_path / "x" / "heard.jsonl").read_text().splitlines()]
    assert len({(line["text"], line["voice"], line["recognizer"]) for line in lines}) == len(lines) == 12 * 4
    assert all(pair.interaction.value == pytest.approx(0) for pair in result.pairs), "these ears hear no difference"
    assert (tmp_path / "x" / "heatmap.png").read_bytes().startswith(b"\x89PNG")
    again = run(texts, "--tts", VOICES_ASKED, "--asr", EARS_ASKED, "--out", tmp_path / "x")
    assert again.exit_code == 2
    assert "choose another --out" in " ".join(again.output.split())


@pytest.mark.parametrize(
    ("tts", "asr", "complaint"),
    [
        ("fake", EARS_ASKED, "--tts: an interaction needs at least two"),
        (VOICES_ASKED, "fake,fake", "--asr: an engine is named twice"),
        (VOICES_ASKED, "fake,nope", "unknown asr engine 'nope'"),
    ],
)
def test_what_cannot_be_crossed_is_refused(texts, tmp_path, tts, asr, complaint):
    done = run(texts, "--tts", tts, "--asr", asr, "--out", tmp_path / "x")
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())


def test_a_comma_parts_engines_and_options():
    assert _names(["piper,espeak:voice=de,pitch=60,openai:base_url=http://a/v1"], VOICES) == [
        "piper", "espeak:voice=de,pitch=60", "openai:base_url=http://a/v1",
    ]  # fmt: skip
    assert _names(["piper", "nope"], VOICES) == ["piper", "nope"]


RATES = st.lists(st.floats(0, 100), min_size=6, max_size=6)


@given(RATES)
def test_interactions_add_up_to_nothing_over_voices_and_over_recognizers(errors):
    found = interactions(np.array([[*errors, 50.0]]), (2, 3))[0]
    assert found.sum(axis=0) == pytest.approx([0] * 3, abs=1e-9)
    assert found.sum(axis=1) == pytest.approx([0] * 2, abs=1e-9)


@given(st.lists(st.floats(0, 50), min_size=2, max_size=2), st.lists(st.floats(0, 50), min_size=3, max_size=3))
def test_where_voice_and_recognizer_explain_all_there_is_no_interaction(of_voices, of_recognizers):
    errors = np.add.outer(of_voices, of_recognizers).ravel()
    assert interactions(np.array([[*errors, 50.0]]), (2, 3)) == pytest.approx(np.zeros((1, 2, 3)), abs=1e-9)


def heard(text, voice, recognizer, hypothesis):
    return CrossedSentence(text, voice, recognizer, hypothesis, count(text, hypothesis, RULES))


def crossed(home_errors, sentences=40):
    """Recognizer x makes one error per four words in home_errors of the texts of voice b, and no others."""
    rows = []
    for number in range(sentences):
        text = f"alpha beta gamma {chr(98 + number // 20)}{chr(98 + number % 20)}ota"
        for voice in "ab":
            for recognizer in "xy":
                wrong = (voice, recognizer) == ("b", "x") and number < home_errors
                rows.append(heard(text, voice, recognizer, text.replace("beta", "delta") if wrong else text))
    return rows


def test_an_interaction_that_is_there_is_found_with_its_sign():
    pairs = {(one.voice, one.recognizer): one for one in crossed_pairs(crossed(20), "ab", "xy")}
    assert pairs["b", "x"].wer.value == pytest.approx(20 / 160)
    assert pairs["b", "x"].interaction.value == pytest.approx(20 / 160 / 4)
    assert pairs["a", "x"].interaction.value == pytest.approx(-20 / 160 / 4)
    for pair in pairs.values():
        assert pair.certain
        assert pair.interaction.interval.low < pair.interaction.value < pair.interaction.interval.high
    assert not any(one.certain for one in crossed_pairs(crossed(1), "ab", "xy")), "one word may be chance"
    assert not any(one.certain for one in crossed_pairs(crossed(0), "ab", "xy"))


def test_only_texts_that_all_pairs_heard_count():
    rows = crossed(5)[:-1]
    assert len(whole_sentences(rows, 4)) == 39
    assert {one.wer.of for one in crossed_pairs(rows, "ab", "xy")} == {39 * 4}


def test_ctrl_c_keeps_what_is_done(texts, tmp_path):
    slow = "fake:delay_s=0.2,fake:delay_s=0.2,tone_hz=300"
    command = ["cross", texts, "--tts", slow, "--asr", EARS_ASKED, "--out", tmp_path / "x", "--json"]
    program = "from voicelab.cli.main import app; app()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, command)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    kept = tmp_path / "x" / "heard.jsonl"
    until = time.monotonic() + 60
    while time.monotonic() < until and (not kept.exists() or kept.read_bytes().count(b"\n") < 9):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    result = json.loads(output)
    assert result["status"] == "stopped"
    assert 1 <= result["sentences"] < result["planned"] == 12
    assert "stopped; the result covers" in complaint
    assert (tmp_path / "x" / "cross.json").exists()
