"""Noise recordings, impulse responses and conditions from outside the package."""

import numpy as np
import pytest

from tests.support.own_engines import Quieter, Shuffled, Wordy
from tests.support.tones import rms_dbfs, tone
from voicelab import Clip
from voicelab.audio.codecs import encode_wav
from voicelab.conditions import outside
from voicelab.conditions.chain import Subject, degrade, noise_for
from voicelab.conditions.condition import Condition
from voicelab.conditions.level import active_level_dbfs
from voicelab.conditions.parsing import parse_condition
from voicelab.conditions.room import reverberate
from voicelab.errors import EngineError, InputError

SPEECH = Subject("a", None, tone(1.0, hz=300))
QUIETER = "tests.support.own_engines:Quieter"


def noise_file(folder, name="cafe.wav", hz=2_000.0, seconds=0.3):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_wav(tone(seconds, hz=hz)))
    return path


def pitch_hz(clip):
    spectrum = np.abs(np.fft.rfft(clip.samples))
    return float(np.argmax(spectrum) * clip.rate_hz / len(clip.samples))


def test_a_noise_file_is_mixed_at_the_snr_and_repeated_where_it_is_short(tmp_path):
    condition = Condition(noise=noise_file(tmp_path), snr_db=6)
    found = degrade(SPEECH, condition)
    added = found.clip.samples.astype(np.float64) - SPEECH.clip.samples
    assert active_level_dbfs(SPEECH.clip) - rms_dbfs(added) == pytest.approx(6, abs=0.1)
    assert pitch_hz(noise_for(SPEECH, condition)) == pytest.approx(2_000, abs=20)
    assert found.files == ("cafe.wav",)
    assert (condition.label, condition.name) == ("cafe.wav at 6 dB SNR", "cafe-6dB")
    assert Condition.model_validate_json(condition.model_dump_json()) == condition


def test_each_sample_gets_one_file_of_a_folder_whatever_the_snr(tmp_path):
    for number in range(5):
        noise_file(tmp_path, f"deep/{number}.wav", hz=1_000 + 500 * number)
    (tmp_path / "deep/notes.txt").write_text("not a sound")

    def used(name, snr_db, seed=0):
        return degrade(Subject(name, None, SPEECH.clip), Condition(noise=tmp_path, snr_db=snr_db, seed=seed)).files

    names = [str(number) for number in range(20)]
    assert [used(name, 0) for name in names] == [used(name, 20) for name in names]
    assert len({used(name, 0) for name in names}) == 5
    assert [used(name, 0) for name in names] != [used(name, 0, seed=1) for name in names]


def test_a_room_keeps_the_length_the_level_and_the_beginning():
    clip = Clip.join([Clip.silence(0.2), tone(0.5)])
    response = np.zeros(4_000, dtype=np.float32)
    response[100], response[2_100] = 0.5, 0.1
    wet = reverberate(clip, Clip(response, 16_000))
    assert len(wet.samples) == len(clip.samples)
    assert active_level_dbfs(wet) == pytest.approx(active_level_dbfs(clip), abs=0.01)
    assert wet.sound_start_s() == pytest.approx(clip.sound_start_s(), abs=0.001)
    dry = np.zeros(1, dtype=np.float32) + 0.3
    np.testing.assert_allclose(reverberate(clip, Clip(dry, 16_000)).samples, clip.samples, atol=1e-4)


def test_an_impulse_response_comes_before_the_noise(tmp_path):
    response = np.zeros(800, dtype=np.float32)
    response[0], response[400] = 0.9, 0.4
    (tmp_path / "hall.wav").write_bytes(encode_wav(Clip(response, 16_000)))
    condition = Condition(impulse_response=tmp_path / "hall.wav", noise="white", snr_db=20)
    wet = reverberate(SPEECH.clip, Clip(response, 16_000))
    found = degrade(SPEECH, condition)
    added = found.clip.samples.astype(np.float64) - wet.samples
    assert active_level_dbfs(wet) - rms_dbfs(added) == pytest.approx(20, abs=0.2)
    assert (condition.label, condition.name) == ("room hall.wav, white noise at 20 dB SNR", "room-hall_white-20dB")


@pytest.mark.parametrize("given", [Quieter(factor=0.25), f"{QUIETER}:factor=0.25", Quieter])
def test_a_condition_of_ones_own_is_an_object_a_name_or_a_class(given):
    name = given if isinstance(given, str) else outside.hand_over(given)
    found = degrade(SPEECH, Condition(transform=name))
    factor = 0.5 if given is Quieter else 0.25
    np.testing.assert_allclose(found.clip.samples, SPEECH.clip.samples * factor)


def test_its_chance_depends_on_the_seed_and_the_sample():
    condition = Condition(transform=outside.hand_over(Shuffled()))
    one, again = degrade(SPEECH, condition), degrade(SPEECH, condition)
    assert one.clip.samples.tobytes() == again.clip.samples.tobytes()
    other = degrade(SPEECH, condition.model_copy(update={"seed": 1}))
    assert other.clip.samples.tobytes() != one.clip.samples.tobytes()


def test_it_is_written_alone_or_among_other_fields():
    alone = parse_condition(f"{QUIETER}:factor=0.1", seed=3)
    assert alone == Condition(transform=f"{QUIETER}:factor=0.1", seed=3)
    both = parse_condition(f"transform={QUIETER}:factor=0.1,noise=pink,snr_db=5")
    assert (both.transform, both.noise) == (f"{QUIETER}:factor=0.1", "pink")
    assert both.label == "Quieter factor=0.1, pink noise at 5 dB SNR"
    assert both.name == "Quieter-factor-0.1_pink-5dB"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("noise=brown,snr_db=5", "'white', 'pink' or 'babble', or the path"),
        ("noise=./gone.wav,snr_db=5", "noise=./gone.wav: does not exist; give a sound file or a folder"),
        ("impulse_response=gone.wav", "impulse_response=gone.wav: does not exist"),
        ("impulse_response=tests/conditions", "contains no sound files; their names end in .wav"),
        ("transform=nobody", "unknown transform 'nobody'; give your own class: package.module:Class"),
        ("no_such_module:Muffle", "cannot be imported"),
        ("tests.support.own_engines:Nothing", "must be a class with the method `degrade`"),
        (f"{QUIETER}:loudness=3", "condition .* has no option 'loudness'; its options: factor"),
        ("muffle", "unknown field 'muffle'; known: transform, .*; or your own class"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_way_out(text, said):
    with pytest.raises(InputError, match=said):
        parse_condition(text)


def test_one_that_returns_no_sound_stops_the_run_with_its_name():
    name = outside.hand_over(Wordy())
    with pytest.raises(EngineError, match="Wordy: degrade returned str instead of a Clip"):
        degrade(SPEECH, Condition(transform=name))
