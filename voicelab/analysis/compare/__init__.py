"""Comparison of runs on the same samples. `compare` reads and checks the runs; a Comparison has the tables."""

from voicelab.analysis.compare.comparison import Comparison, compare
from voicelab.analysis.compare.pair import RunPair
from voicelab.analysis.compare.systems import System

__all__ = ["Comparison", "RunPair", "System", "compare"]
