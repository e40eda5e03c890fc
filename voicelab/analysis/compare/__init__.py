"""Runs on the same samples, side by side. `compare` reads and checks them; a Comparison makes the tables."""

from __future__ import annotations

from voicelab.analysis.compare.comparison import Comparison, compare
from voicelab.analysis.compare.pair import RunPair
from voicelab.analysis.compare.systems import System

__all__ = ["Comparison", "RunPair", "System", "compare"]
