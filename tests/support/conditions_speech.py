"""Speech for tests of conditions."""

from tests.support.sample_sets import samples_folder
from voicelab.datasets import load

SAMPLES = load(samples_folder()).samples[:12]


SPEECH = SAMPLES[0].clip().at_rate(16_000)
