"""Predicted sound quality equals that of the published code with the published weights."""

import numpy as np
import pytest

from voicelab.audio.clip import Clip
from voicelab.audio.mos import weights
from voicelab.audio.mos.scores import SoundQualityModels
from voicelab.audio.mos.spectra import log_power
from voicelab.errors import EngineMissingError


def buzz(duration_s: float, noise: float) -> Clip:
    """A buzzing tone that swells and stops, in noise."""
    t = np.arange(round(duration_s * 16_000)) / 16_000
    tone = sum(np.sin(2 * np.pi * (120 * k * t + 3 * np.sin(2 * np.pi * 0.7 * t))) / k for k in range(1, 20))
    made = 0.1 * tone * (np.sin(2 * np.pi * 2.1 * t) > -0.3)
    made = made + noise * np.random.default_rng(3).standard_normal(len(t))
    return Clip(np.clip(made, -1, 1).astype(np.float32), 16_000)


@pytest.fixture(scope="module")
def models():
    return SoundQualityModels()


@pytest.mark.parametrize(
    ("duration_s", "noise", "published"),
    [
        # overall, signal, background and P.808 by speechmos 0.0.1.1's own code with librosa; PLCMOS: mean of four calls
        (2.18, 0.0, (1.8905, 2.2203, 2.8375, 2.8845, 3.06)),
        (2.18, 0.05, (1.079, 1.2776, 1.1777, 2.262, 2.73)),
        (11.3, 0.005, (1.7076, 2.5845, 2.1135, 2.5274, 2.55)),
    ],
)
def test_scores_are_those_of_the_published_code(models, duration_s, noise, published):
    found = models.score(buzz(duration_s, noise))
    got = (found.overall, found.signal, found.background, found.p808)
    assert got == pytest.approx(published[:4], abs=0.0002)
    assert found.plcmos == pytest.approx(published[4], abs=0.1), "its raters are drawn; ours are always the same"


def test_a_sound_has_one_score(models):
    clip = buzz(0.3, 0.01)
    assert models.score(clip) == models.score(clip)


def test_a_clip_without_samples_is_refused(models):
    with pytest.raises(ValueError, match="without samples"):
        models.score(Clip(np.zeros(0, dtype=np.float32), 16_000))


def test_digital_silence_has_a_finite_spectrum():
    assert np.isfinite(log_power(np.zeros(1000))).all()
    half = np.concatenate([np.zeros(2000), np.sin(np.arange(2000.0))])
    assert np.isfinite(log_power(half)).all()


def test_a_missing_or_changed_wheel_is_named_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(weights.resources, "files", lambda _: tmp_path)
    with pytest.raises(EngineMissingError, match="is not the published model; run: pip install"):
        SoundQualityModels()

    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(weights.resources, "files", absent)
    with pytest.raises(EngineMissingError, match=r"pip install 'voicelab\[quality\]'"):
        SoundQualityModels()
