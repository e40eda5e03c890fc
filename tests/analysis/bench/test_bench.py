"""The benchmark measures every mode of an engine, in a separate process. Durations are not checked."""

import pytest

from tests.support import tiny_sensevoice
from tests.support.command_line import voicelab
from tests.support.tiny_sensevoice import needs_sensevoice
from voicelab.analysis.bench.asr import clips_of, measure
from voicelab.datasets import load
from voicelab.paths import shipped


def test_a_row_for_each_engine():
    options = ["--limit", "1", "--rounds", "1", "--longest-s", "1"]
    done = voicelab("bench", "asr", "--asr", "fake", "--asr", "pocketsphinx", *options)
    assert done.exit_code == 0, done.output
    for word in ("1 clips, 1.0 s of sound", "RTF batched", "core s/s", "peak MiB", "fake", "pocketsphinx"):
        assert word in done.output
    wrong = voicelab("bench", "asr", "--asr", "fake", "--asr", "nope")
    assert wrong.exit_code == 2
    assert "unknown asr engine 'nope'" in " ".join(wrong.output.split())


@needs_sensevoice
def test_sensevoice_is_held_against_a_plain_loop():
    clips = clips_of(load(shipped("voice_samples")), limit=2, longest_s=1)
    assert [clip.duration_s for clip in clips] == [pytest.approx(1), pytest.approx(1)]
    speed = measure(tiny_sensevoice.spec(), clips, rounds=1, against_loop=True)
    assert speed.load_s > 0
    assert min(speed.single_rtf, speed.batched_rtf, speed.loop_rtf) > 0
    assert speed.peak_mib > 100
