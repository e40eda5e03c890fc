"""The benchmark of voices: a row for each, with correct pauses."""

import json

import numpy as np
import pytest

from tests.support.command_line import voicelab
from voicelab.audio import pauses
from voicelab.audio.clip import Clip

LONG = "The opening clause: the rest of this long sentence is still to be spoken then. And another."


def bench(*arguments):
    return voicelab("bench", "tts", *arguments)


def test_a_row_for_each_voice(tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text(f"{LONG}\nShort.\n")
    fakes = ("fake:clauses=true,delay_s=0.01,words_per_s=40", "fake")
    done = bench("--texts", texts, "--rounds", 1, "--json", *(word for name in fakes for word in ("--tts", name)))
    assert done.exit_code == 0, done.output
    cut, whole = json.loads(done.stdout)
    assert (cut["voice"], cut["texts"], cut["cut"], cut["gaps"]) == (fakes[0], 2, 1, 0)
    assert [cut["pause_s"], cut["pause_if_whole_s"]] == pytest.approx([0, 0], abs=0.02), "a tone has no pauses"
    assert cut["first_sound_p50_s"] >= 0.01
    assert cut["first_sound_p95_s"] is None, "two texts tell nothing of the 95th percentile"
    assert (whole["cut"], whole["pause_s"]) == (0, None)
    assert cut["rtf"] > whole["rtf"] > 0
    assert cut["peak_mib"] > 10


def test_a_voice_that_is_not_known_is_refused_before_any_speaks(tmp_path):
    assert bench("--tts", "fake", "--tts", "nope").exit_code == 2
    (tmp_path / "empty.txt").write_text("\n")
    done = bench("--tts", "fake", "--texts", tmp_path / "empty.txt")
    assert done.exit_code == 2
    assert "contains no text" in " ".join(done.output.split())


@pytest.mark.parametrize("level", [0.5, 0.005])
def test_pauses_are_found_at_any_level(level):
    rate = 16_000
    tone = level * np.sin(np.arange(rate) * 0.3)
    parts = (np.zeros(rate // 5), tone, np.zeros(rate // 2), tone, np.zeros(rate // 10))
    clip = Clip(np.concatenate(parts).astype(np.float32), rate)
    assert pauses.leading_s(clip) == pytest.approx(0.2, abs=0.011)
    assert pauses.longest_inside_s(clip) == pytest.approx(0.5, abs=0.011)
    assert pauses.trailing_s(clip) == pytest.approx(0.1, abs=0.011)
    silence = Clip.silence(1.0)
    assert (pauses.leading_s(silence), pauses.longest_inside_s(silence)) == (1.0, 0.0)
