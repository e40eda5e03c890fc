"""Several systems' transcripts of the same utterances: how sure their error rates are, and whether they differ."""

from __future__ import annotations

from voicelab.analysis.systems.comparison import SystemPair, TestResult, compare_systems
from voicelab.analysis.systems.intervals import Grouping, RateWithInterval, sure_rates

__all__ = ["Grouping", "RateWithInterval", "SystemPair", "TestResult", "compare_systems", "sure_rates"]
