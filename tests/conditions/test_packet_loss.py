"""Losses have the requested rate and burst length; higher rates lose a superset of packets; Opus conceals losses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.conditions_speech import SPEECH
from voicelab.audio.clip import Clip
from voicelab.conditions.codec import through_opus
from voicelab.conditions.loss import Channel
from voicelab.conditions.randomness import generator
from voicelab.errors import InputError


def bursts(lost):
    """The lengths of bursts, without those at the ends."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    return [end - start for start, end in zip(starts, ends, strict=True) if start and end < len(lost)]


@given(percent=st.floats(1, 40), burst=st.floats(1.7, 6), seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_rate_and_burst_length_are_the_ones_asked_for(percent, burst, seed):
    """Within six standard errors: losses in bursts spread (1 + r) / (1 - r) times as wide as a binomial, where r =
    1 - to_good - to_bad is the autocorrelation of states; burst lengths are geometric."""
    count, channel = 20_000, Channel(percent / 100, burst)
    lost = channel.lost(count, generator(seed, "x"))
    memory = 1 - channel.to_good - channel.to_bad
    rate = percent / 100
    spread = np.sqrt(rate * (1 - rate) / count * (1 + memory) / (1 - memory))
    assert lost.mean() == pytest.approx(rate, abs=6 * spread)
    found = bursts(lost)
    length_spread = np.sqrt(burst * (burst - 1) / len(found))
    assert np.mean(found) == pytest.approx(burst, abs=6 * length_spread)


@given(percents=st.tuples(st.floats(0, 40), st.floats(0, 40)), burst=st.floats(1.7, 6), seed=st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_what_a_lower_rate_loses_a_higher_one_loses_too(percents, burst, seed):
    low, high = (Channel(percent / 100, burst).lost(500, generator(seed, "s")) for percent in sorted(percents))
    assert not (low & ~high).any()


def test_the_shortest_mean_burst_is_that_of_independent_losses():
    channel = Channel(0.2, 1.25)
    assert channel.to_bad == pytest.approx(1 - channel.to_good)
    with pytest.raises(InputError, match=r"the mean burst is at least 1\.25 packets"):
        Channel(0.2, 1.2)
    with pytest.raises(InputError, match="not possible"):
        Channel(1.0, 5)


@pytest.mark.parametrize(("bitrate", "internal_rate_hz"), [(8_000, 8_000), (16_000, 16_000), (32_000, 16_000)])
def test_opus_keeps_its_bitrate_and_the_sound_stays_in_place(bitrate, internal_rate_hz):
    """Exact to one sample at SILK's internal rate, which is 8 kHz at 8 kbit/s (RFC 6716, section 2.1.3)."""
    found = through_opus(SPEECH, bitrate, Channel(0, 2), generator(0))
    assert found.kbps == pytest.approx(bitrate / 1000, abs=0.4)
    assert (found.lost, found.packets) == (0, pytest.approx(SPEECH.duration_s / 0.02, abs=2))
    correlation = np.correlate(found.clip.samples[4000:20000], SPEECH.samples[4000 - 80 : 20000 + 80], "valid")
    assert abs(int(np.argmax(correlation)) - 80) <= 16_000 / internal_rate_hz
    assert found.clip.level_dbfs == pytest.approx(SPEECH.level_dbfs, abs=1)


def test_a_lower_bitrate_is_further_from_the_original():
    def distance(bitrate):
        clip = through_opus(SPEECH, bitrate, Channel(0, 2), generator(0)).clip
        return float(np.mean((clip.samples - SPEECH.samples) ** 2))

    assert distance(32_000) < distance(16_000) < distance(8_000)


def test_lost_packets_are_concealed_not_silenced_and_those_before_are_untouched():
    class Third(Channel):
        """Loses only the packets 70 and 71."""

        def lost(self, count, _chance):
            return np.isin(np.arange(count), [70, 71])

    whole = through_opus(SPEECH, 32_000, Channel(0, 2), generator(0)).clip
    gap = through_opus(SPEECH, 32_000, Third(0.1, 2), generator(0))
    assert gap.lost == 2
    before, hole = slice(0, 70 * 320 - 320), slice(70 * 320, 72 * 320 - 104)
    np.testing.assert_array_equal(gap.clip.samples[before], whole.samples[before])
    assert not np.array_equal(gap.clip.samples[hole], whole.samples[hole])
    concealed, real = (Clip(clip.samples[hole], 16_000).level_dbfs for clip in (gap.clip, whole))
    assert concealed > real - 12


def test_in_band_copies_bring_lost_packets_nearer_to_what_was_said():
    channel = Channel(0.2, 1.25)

    def distance(fec):
        whole = through_opus(SPEECH, 32_000, Channel(0, 2), generator(0), fec=fec).clip
        found = through_opus(SPEECH, 32_000, channel, generator(3), fec=fec)
        assert found.lost > 10
        return float(np.mean((found.clip.samples - whole.samples) ** 2))

    assert distance(True) < 0.8 * distance(False)


def test_all_lost_but_nothing_broken():
    found = through_opus(SPEECH, 16_000, Channel(0.99, 1000), generator(5))
    assert (found.packets - found.lost < found.packets / 2, len(found.clip.samples)) == (True, len(SPEECH.samples))
