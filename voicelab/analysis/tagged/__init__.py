"""Score references with entity tags: alternative wordings of spans, and error rates by class."""

from voicelab.analysis.tagged.scoring import score_calls

__all__ = ["score_calls"]
