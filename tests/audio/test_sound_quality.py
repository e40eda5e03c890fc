"""Problems of recordings are found; good recordings have no findings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.browsing import with_noise
from voicelab import datasets
from voicelab.audio.clip import Clip
from voicelab.audio.sound_quality import check
from voicelab.paths import shipped

RATE_HZ = 16_000


def tone(duration_s: float = 1.0, amplitude: float = 0.2) -> Clip:
    return Clip((amplitude * np.sin(np.arange(round(duration_s * RATE_HZ)) * 0.3)).astype(np.float32), RATE_HZ)


def recorded(clip: Clip, before_s: float = 0.4, after_s: float = 0.4) -> Clip:
    """A clip in a quiet room, with time before and after it."""
    return with_noise(Clip.join([Clip.silence(before_s), clip, Clip.silence(after_s)]), -70)


def faults(clip: Clip) -> set[str]:
    return {finding.fault for finding in check(clip).findings}


def test_good_recordings_have_no_findings():
    for sample in datasets.load(shipped("voice_samples")).samples[:10]:
        assert faults(recorded(sample.clip().at_rate(RATE_HZ))) == set(), sample.id


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (Clip.silence(2.0), {"silent"}),
        (Clip.silence(0.0), {"silent"}),
        (with_noise(Clip.silence(2.0), -70), {"silent"}),
        (recorded(tone(amplitude=0.005)), {"quiet"}),
        (recorded(Clip(np.clip(tone(amplitude=2.0).samples, -1, 1), RATE_HZ)), {"clipped"}),
        (with_noise(recorded(tone(amplitude=0.1)), -32), {"noisy"}),
        (recorded(tone(), before_s=0.0), {"cut_start"}),
        (recorded(tone(), after_s=0.0), {"cut_end"}),
    ],
    ids=["digital silence", "nothing", "a quiet room", "quiet", "clipped", "noisy", "cut start", "cut end"],
)
def test_each_fault_is_found_alone(clip, expected):
    assert faults(clip) == expected


def test_a_single_sample_at_full_scale_is_a_peak_and_no_clipping():
    clip = recorded(tone())
    loud = clip.samples.copy()
    loud[8000] = 1.0
    assert check(Clip(loud, RATE_HZ)).clipped == 0


@given(amplitude=st.floats(0.02, 0.9), duration_s=st.floats(0.2, 2.0))
def test_the_level_is_that_of_the_speech_however_long_the_silence_around_it(amplitude, duration_s):
    speech = tone(duration_s, amplitude)
    measured = check(recorded(speech, 0.4, 1.5)).speech_dbfs
    assert measured == pytest.approx(speech.level_dbfs, abs=1.0)
