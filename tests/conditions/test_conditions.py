"""Conditions have the requested SNR, are determined by the seed, and change nothing else."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.support.conditions_speech import SAMPLES, SPEECH
from tests.support.tones import rms_dbfs, tone
from voicelab.audio.clip import Clip
from voicelab.conditions.babble import BabbleVoice
from voicelab.conditions.chain import Subject, degrade, noise_for
from voicelab.conditions.condition import Condition
from voicelab.conditions.gain import amplify, fit
from voicelab.conditions.level import active_level_dbfs
from voicelab.conditions.noise import pink, white
from voicelab.conditions.randomness import generator
from voicelab.conditions.telephone import narrow
from voicelab.errors import InputError

LAWS = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CLIPS = {one.id: one.clip().at_rate(16_000).between(0, 2) for one in SAMPLES}
VOICES = [BabbleVoice(one.id, one.speaker, lambda one=one: CLIPS[one.id]) for one in SAMPLES]
ANY = st.one_of(
    st.builds(Condition, noise=st.sampled_from(["white", "pink", "babble"]), snr_db=st.floats(-10, 40)),
    st.builds(Condition, gain_db=st.floats(-60, 60)),
    st.just(Condition(telephone=True)),
    st.builds(Condition, bitrate_kbps=st.floats(6, 64), loss_percent=st.floats(0, 40), fec=st.booleans()),
    st.builds(
        Condition, noise=st.just("pink"), snr_db=st.just(0.0), gain_db=st.just(30.0), telephone=st.just(True),
        bitrate_kbps=st.just(16.0), loss_percent=st.just(10.0),
    ),
)  # fmt: skip


def subject(clip=SPEECH, name=SAMPLES[0].id, speaker=SAMPLES[0].speaker):
    return Subject(name, speaker, clip)


@given(condition=ANY, rate_hz=st.sampled_from([8_000, 16_000, 22_050, 48_000]))
@LAWS
def test_rate_and_length_stay_the_input_is_not_touched_and_full_scale_is_kept(condition, rate_hz):
    clip = SPEECH.at_rate(rate_hz).between(0.2, 1.7)
    before = clip.samples.copy()
    found = degrade(subject(clip), condition, VOICES).clip
    assert (found.rate_hz, len(found.samples)) == (clip.rate_hz, len(clip.samples))
    np.testing.assert_array_equal(clip.samples, before)
    assert np.isfinite(found.samples).all()
    assert np.abs(found.samples).max() <= 1


@given(condition=ANY)
@LAWS
def test_the_same_seed_gives_the_same_clip(condition):
    once, again = (degrade(subject(), condition, VOICES) for _ in range(2))
    np.testing.assert_array_equal(once.clip.samples, again.clip.samples)
    assert (once.lost, once.scale_db, once.kbps) == (again.lost, again.scale_db, again.kbps)


@given(
    kind=st.sampled_from(["white", "pink", "babble"]),
    snr_db=st.floats(-15, 40),
    gain_db=st.floats(-30, 0),
    rate_hz=st.sampled_from([8_000, 16_000, 48_000]),
)
@LAWS
def test_the_ratio_after_mixing_is_the_one_asked_for(kind, snr_db, gain_db, rate_hz):
    """Separate noise and speech again by means of the clean speech, independently of the scaling to full scale."""
    clip = amplify(SPEECH.at_rate(rate_hz), gain_db)
    found = degrade(subject(clip), Condition(noise=kind, snr_db=snr_db), VOICES)
    heard = amplify(found.clip, -found.scale_db).samples.astype(float)
    added = heard - clip.samples
    assert active_level_dbfs(clip) - rms_dbfs(added) == pytest.approx(snr_db, abs=0.05)
    assert found.speech_dbfs == active_level_dbfs(clip)


@pytest.mark.parametrize("kind", ["white", "pink", "babble"])
def test_noise_is_the_same_at_every_ratio_and_another_for_each_sample_and_seed(kind):
    mixed = {snr: degrade(subject(), Condition(noise=kind, snr_db=snr), VOICES) for snr in (30.0, 10.0)}
    added = [amplify(one.clip, -one.scale_db).samples.astype(float) - SPEECH.samples for one in mixed.values()]
    np.testing.assert_allclose(added[0] * 10, added[1], atol=1e-5)
    plain = Condition(noise=kind, snr_db=10)
    ours = noise_for(subject(), plain, VOICES).samples
    for other in (
        noise_for(subject(name="other"), plain, VOICES),
        noise_for(subject(), plain.model_copy(update={"seed": 1}), VOICES),
    ):
        assert abs(np.corrcoef(ours, other.samples)[0, 1]) < 0.5


def test_white_is_level_and_pink_falls_3_db_an_octave():
    def octaves(clip):
        power = np.abs(np.fft.rfft(clip.samples)) ** 2
        hertz = np.fft.rfftfreq(len(clip.samples), 1 / clip.rate_hz)
        return [10 * np.log10(power[(hertz >= low) & (hertz < 2 * low)].mean()) for low in (250, 500, 1000, 2000)]

    assert np.diff(octaves(white(160_000, generator(1, "w")))) == pytest.approx([0, 0, 0], abs=0.5)
    assert np.diff(octaves(pink(160_000, generator(1, "p")))) == pytest.approx([-3, -3, -3], abs=0.5)


def test_babble_never_holds_the_recording_nor_its_speaker():
    asked = []
    voices = [BabbleVoice(v.id, v.speaker, lambda v=v: (asked.append(v), v.clip())[1]) for v in VOICES]
    for sample in SAMPLES[:4]:
        asked.clear()
        noise_for(subject(name=sample.id, speaker=sample.speaker), Condition(noise="babble", snr_db=0), voices)
        assert asked
        assert sample.speaker not in {voice.speaker for voice in asked}
    unnamed = [BabbleVoice(v.id, None, lambda v=v: (asked.append(v), v.clip())[1]) for v in VOICES[:3]]
    asked.clear()
    noise_for(subject(name=VOICES[0].id, speaker=None), Condition(noise="babble", snr_db=0), unnamed)
    assert {voice.id for voice in asked} == {VOICES[1].id, VOICES[2].id}


def test_babble_without_another_speaker_and_noise_for_silence_are_refused():
    own = [voice for voice in VOICES if voice.speaker == SAMPLES[0].speaker]
    with pytest.raises(InputError, match="needs recordings of other speakers, and the set has none"):
        degrade(subject(), Condition(noise="babble", snr_db=0), own)
    with pytest.raises(InputError, match="digital silence"):
        degrade(subject(Clip.silence(1.0)), Condition(noise="white", snr_db=0))


@given(gain_db=st.floats(-60, 60))
@LAWS
def test_gain_is_exact_in_samples_and_in_level(gain_db):
    louder = amplify(SPEECH, gain_db)
    np.testing.assert_allclose(louder.samples, SPEECH.samples * 10 ** (gain_db / 20), rtol=1e-6)
    assert active_level_dbfs(louder) - active_level_dbfs(SPEECH) == pytest.approx(gain_db, abs=1e-3)


def test_what_leaves_full_scale_is_scaled_and_said_not_clipped():
    found = degrade(subject(tone(1.0, level=0.5)), Condition(gain_db=20))
    assert found.scale_db == pytest.approx(-13.98, abs=0.01)
    np.testing.assert_allclose(found.clip.samples, tone(1.0, level=32767 / 32768).samples, atol=1e-4)
    assert fit(SPEECH) == (SPEECH, 0.0)


@given(pause_s=st.floats(0.5, 5), level=st.floats(0.001, 0.9))
@LAWS
def test_pauses_do_not_lower_the_active_level(pause_s, level):
    """Silence around 3 s of audio may change the level only by the 200 ms hangover of P.56."""
    loud = tone(3.0, level=level)
    with_pauses = Clip.join([Clip.silence(pause_s), loud, Clip.silence(pause_s)])
    assert active_level_dbfs(loud) == pytest.approx(loud.level_dbfs, abs=0.05)
    assert active_level_dbfs(with_pauses) == pytest.approx(loud.level_dbfs, abs=0.4)
    assert active_level_dbfs(Clip.silence(1.0)) == float("-inf")


@pytest.mark.parametrize(
    ("hz", "passes"),
    [(100, False), (200, False), (400, True), (1000, True), (3300, True), (3500, False), (6000, False)],
)
def test_the_telephone_lets_its_band_through_and_nothing_else(hz, passes):
    there = tone(1.0, hz=hz)
    middle = narrow(there).between(0.2, 0.8)
    change_db = middle.level_dbfs - there.level_dbfs
    assert change_db == pytest.approx(0, abs=0.2) if passes else change_db < -50
    if passes:
        np.testing.assert_allclose(middle.samples, there.between(0.2, 0.8).samples, atol=0.01)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"snr_db": 10}, "noise needs snr_db"),
        ({"noise": "white"}, "noise needs snr_db"),
        ({"noise": "brown", "snr_db": 1}, "'white', 'pink' or 'babble'"),
        ({"loss_percent": 5}, "loss_percent needs bitrate_kbps"),
        ({"bitrate_kbps": 16, "mean_burst": 3}, "need loss_percent"),
        ({"bitrate_kbps": 16, "loss_percent": 60}, "give at least that"),
        ({"bitrate_kbps": 2}, "greater than or equal to 6"),
        ({"snr_db": float("nan"), "noise": "pink"}, "finite number"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(fields, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Condition(**fields)


def test_names_tell_conditions_apart():
    varied = [
        Condition(), Condition(telephone=True), Condition(gain_db=-20), Condition(noise="pink", snr_db=5),
        Condition(noise="babble", snr_db=-2.5, bitrate_kbps=16), Condition(bitrate_kbps=16, loss_percent=0),
        Condition(bitrate_kbps=16, loss_percent=5, mean_burst=3), Condition(bitrate_kbps=16, loss_percent=5, fec=True),
    ]  # fmt: skip
    assert len({one.name for one in varied}) == len({one.label for one in varied}) == len(varied)
    assert varied[4].label == "babble at -2.5 dB SNR, Opus 16 kbit/s"
