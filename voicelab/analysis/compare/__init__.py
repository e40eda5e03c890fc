"""Runs on the same samples, side by side. `compare` reads and checks them; a Comparison makes the tables."""

from __future__ import annotations

from voicelab.analysis.compare.comparison import Comparison, compare
from voicelab.analysis.compare.contenders import Contender
from voicelab.analysis.compare.pair import Pair

__all__ = ["Comparison", "Contender", "Pair", "compare"]
