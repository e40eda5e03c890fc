"""Score references with entity tags: alternative wordings of spans, and error rates by class."""

from __future__ import annotations

from voicelab.analysis.tagged.scoring import score_calls

__all__ = ["score_calls"]
