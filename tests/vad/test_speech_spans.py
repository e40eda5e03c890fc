"""The boundaries of speech that the energy detector finds."""

from __future__ import annotations

import numpy as np

from tests.support.sharp_speech import sharp_speech
from voicelab.audio.clip import Clip
from voicelab.vad.speech_spans import energy_spans


def test_boundaries_are_right_on_average_wherever_the_speech_lies():
    starts, ends = [], []
    for index in range(4):
        speech = sharp_speech(index)
        for lead in range(3200, 3280, 7):
            silences = [Clip.silence(samples / speech.rate_hz, speech.rate_hz) for samples in (lead, 8000)]
            spans = energy_spans(Clip.join([silences[0], speech, silences[1]]))
            starts.append(spans[0][0] - lead / speech.rate_hz)
            ends.append(spans[-1][1] - lead / speech.rate_hz - speech.duration_s)
    for errors_s in (starts, ends):
        assert np.abs(errors_s).max() < 0.004
        assert abs(np.mean(errors_s)) < 0.0005


def test_speech_that_fills_the_clip_starts_and_ends_with_it():
    speech = sharp_speech()
    ((start_s, _), *_, (_, end_s)) = (*energy_spans(speech), *energy_spans(speech))
    assert 0.0 <= start_s < 0.003
    assert speech.duration_s - 0.006 < end_s <= speech.duration_s
