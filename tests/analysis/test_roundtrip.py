"""A round trip compares a recognizer's transcript with the text that a voice spoke."""

import json

import pytest

from tests.support.command_line import voicelab
from tests.support.sample_sets import samples_folder
from voicelab.runs.records import RunSpec
from voicelab.runs.runner import evaluate


def figures(*arguments):
    done = voicelab("roundtrip", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("It is $212.50.\n\nIt is two hundred twelve dollars!\n")
    return path


def test_rates_are_of_summed_counts_and_numbers_are_one_spelling(texts):
    heard = "fake:text=it is two hundred twelve dollars and fifty cents"
    found = figures("--tts", "fake", "--texts", texts, "--asr", heard)
    assert [(one["id"], one["errors"], one["words"]) for one in found["utterances"]] == [
        ("line 1", 0, 4),
        ("line 3", 1, 4),
    ]
    voice = found["voices"]["fake"]
    assert voice["wer"]["value"] == pytest.approx(1 / 8)
    assert voice["texts_with_an_error"]["value"] == 0.5
    assert voice["wer"]["interval"]["low"] < 1 / 8 < voice["wer"]["interval"]["high"]
    assert found["normalizer"]["name"] == "english"
    assert found["recognizer"].startswith("fake:text=it is two hundred")


def test_every_voice_has_its_own_row_and_settings(texts):
    found = figures("--tts", "fake", "--tts", "fake:tone_hz=300", "--texts", texts, "--asr", "fake:text=it")
    assert list(found["voices"]) == ["fake", "fake:tone_hz=300"]
    assert "tone_hz=300.0" in found["voices"]["fake:tone_hz=300"]["used"]
    assert [one["texts"] for one in found["voices"].values()] == [2, 2]


def test_a_voice_that_no_recognizer_understands_loses_every_word(texts):
    found = figures("--tts", "fake", "--texts", texts, "--limit", 1)
    assert found["voices"]["fake"]["wer"] == {"value": 1.0, "interval": None}
    assert found["utterances"][0]["heard"] == ""


def test_replies_of_a_run_beside_the_recordings(tmp_path):
    spec = RunSpec(samples=str(samples_folder()), asr="fake", tts="fake", target="in-process", limit=3)
    evaluate(spec, tmp_path, run_id="r")
    found = figures(tmp_path / "r", "--recordings", "--asr", "fake:text=apple")
    assert list(found["voices"]) == ["fake", "recordings"]
    assert [one["texts"] for one in found["voices"].values()] == [3, 3]
    assert all("Apple" in one["text"] for one in found["utterances"] if one["voice"] == "fake")
    shown = voicelab("roundtrip", tmp_path / "r", "--asr", "fake:text=apple")
    assert "the worst" in shown.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name either a run or a voice with --tts"),
        (["nowhere"], "cannot be read"),
        (["nowhere", "--tts", "fake"], "name either a run or a voice"),
        (["nowhere", "--texts", "TEXTS"], "go with --tts"),
        (["--tts", "fake"], "--tts needs texts"),
        (["--tts", "fake", "--texts", "gone.txt"], "gone.txt: cannot be read"),
        (["--tts", "fake", "--tts", "fake", "--texts", "TEXTS"], "given twice"),
        (["--tts", "fake", "--texts", "TEXTS", "--recordings"], "give --samples instead"),
        (["--tts", "nope", "--texts", "TEXTS"], "unknown tts engine 'nope'"),
        (["--tts", "fake", "--texts", "TEXTS", "--asr", "nope"], "unknown asr engine 'nope'"),
        (["--tts", "fake", "--samples", samples_folder(), "--limit", "1", "--normalizer", "x"], "unknown normalizer"),
    ],
)
def test_bad_input_is_named(texts, arguments, complaint):
    done = voicelab("roundtrip", *(texts if one == "TEXTS" else one for one in arguments))
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())


def test_a_word_map_makes_spellings_one(texts, tmp_path):
    (tmp_path / "map.txt").write_text("it is => that is\n")
    heard = "fake:text=that is two hundred twelve dollars and fifty cents"
    found = figures("--tts", "fake", "--texts", texts, "--asr", heard, "--word-map", tmp_path / "map.txt")
    assert [one["errors"] for one in found["utterances"]] == [0, 1]
    assert len(found["normalizer"]["word_map_sha256"]) == 64
