"""The fit of `prosody` recovers the weights that generated the data, on speakers without reported figures."""

import numpy as np
import pytest

from tests.laws.turn_end_fit import examples, fitted
from voicelab.analysis.bench.endpoint import halves
from voicelab.analysis.bench.pauses import PausePlan, without_words
from voicelab.analysis.bench.replay import ClassifiedRecording
from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.vad.turn_end import prosody, sound_features, word_score
from voicelab.vad.turn_end.prosody import FITTED_ON

SPOKEN = load(shipped("voice_samples")).spoken


def test_the_weights_that_made_the_data_are_found_again():
    chance = np.random.default_rng(0)
    features = chance.normal(0.0, [1.0, 10.0, 0.5], (20_000, 3)) + 3.0
    log_odds = -12.0 + features @ [1.0, -0.05, 3.0]
    finished = chance.random(len(features)) < 1 / (1 + np.exp(-log_odds))
    found = fitted(features, finished)
    assert found.weights == pytest.approx((1.0, -0.05, 3.0), rel=0.15)
    assert np.corrcoef(found.bias + features @ found.weights, log_odds)[0, 1] > 0.99


def test_a_feature_that_says_nothing_gets_no_weight():
    features = np.column_stack([np.tile([0.0, 1.0], 50), np.full(100, 7.0)])
    found = fitted(features, features[:, 0] > 0)
    assert found.weights[0] > 1
    assert found.weights[1] == pytest.approx(0.0, abs=1e-6)


def test_prosody_has_a_weight_for_each_feature():
    assert len(prosody._WORD_WEIGHTS) == len(word_score.FEATURES) == len(word_score.word_features("one"))
    assert len(prosody._SOUND_WEIGHTS) == len(prosody._SOUND_ALONE_WEIGHTS) == len(sound_features.FEATURES)


def test_figures_are_reported_on_speakers_that_were_not_fitted():
    clips = [ClassifiedRecording(without_words(one, PausePlan(), [0])[0], []) for one in _one_of_each_speaker()]
    split = halves(clips, FITTED_ON)
    assert split.held_out
    assert {one.speaker for one in split.tune} == set(FITTED_ON)
    assert not {one.speaker for one in split.report} & set(FITTED_ON)
    assert len({one.speaker for one in split.report}) == len(FITTED_ON)


def test_each_pause_and_each_end_is_an_example():
    (sample,) = [one for one in SPOKEN if one.id == "price_ba"]
    found = list(examples([sample], "fake:text=what is the price"))
    assert [one.finished for one in found] == [False, True, False, True]
    assert all(len(one.features) == len(word_score.FEATURES) + len(sound_features.FEATURES) for one in found)


def _one_of_each_speaker():
    return {one.speaker: one for one in SPOKEN}.values()
