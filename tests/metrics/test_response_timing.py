"""Boundaries of speech need two detectors; gaps and overlaps are computed from boundaries."""

import pytest

from voicelab.metrics.response_timing import agreed_end, agreed_start, dead_air_s, response_timing, talk_over_s


def test_an_edge_counts_where_both_detectors_find_it_and_the_finer_one_gives_it():
    assert agreed_start([(1.0, 2.0)], [(0.2, 0.4), (1.05, 1.9)]).at_s == 1.05  # a click before the speech is ignored
    assert agreed_end([(0.0, 1.0), (1.5, 2.0)], [(0.0, 1.02), (1.5, 2.09)]).at_s == 2.09
    assert agreed_end([(0.0, 1.0)], [(0.0, 1.2)]).at_s is None
    assert agreed_end([(0.0, 1.0)], [(0.0, 1.2)]).reason == "the detectors differ by 200 ms about the end of speech"
    assert agreed_start([], [(0.0, 1.0)]).reason == "only one of the two detectors found speech"
    assert agreed_start([], []).reason == "neither detector found speech"


@pytest.mark.parametrize("shift_s", [-5.0, 0.0, 100.0])
def test_a_response_time_does_not_depend_on_where_the_clock_starts(shift_s):
    caller, agent = [(0.2 + shift_s, 1.0 + shift_s)], [(0.8 + shift_s, 2.0 + shift_s)]
    timing = response_timing(agreed_end(caller, caller), agreed_start(agent, agent), caller=caller, agent=agent)
    assert timing.response_s == pytest.approx(-0.2)
    assert timing.talk_over_s == pytest.approx(0.2)


def test_dead_air_counts_whole_gaps_that_are_longer_than_allowed():
    assert dead_air_s([(0.0, 1.0), (3.1, 4.0), (5.0, 6.0)]) == pytest.approx(2.1)
    assert dead_air_s([(0.0, 1.0), (0.5, 9.0), (10.0, 11.0)]) == 0.0
    assert dead_air_s([]) == 0.0
    assert talk_over_s([(0.0, 1.0), (2.0, 3.0)], [(0.5, 2.5)]) == pytest.approx(1.0)
