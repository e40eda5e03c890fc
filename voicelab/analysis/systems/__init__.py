"""Error rates of several systems on the same utterances, with intervals and tests of their differences."""

from voicelab.analysis.systems.comparison import SystemPair, compare_systems
from voicelab.analysis.systems.intervals import rates_with_intervals

__all__ = ["SystemPair", "compare_systems", "rates_with_intervals"]
