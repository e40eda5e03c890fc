"""Error rates of several systems on the same utterances, with intervals and tests of their differences."""

from voicelab.analysis.systems.comparison import SystemPair, TestResult, compare_systems
from voicelab.analysis.systems.intervals import Grouping, RateWithInterval, rates_with_intervals

__all__ = ["Grouping", "RateWithInterval", "SystemPair", "TestResult", "compare_systems", "rates_with_intervals"]
