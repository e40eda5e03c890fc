"""Scoring references whose tokens are tagged with entities: several wordings of a span, and error rates by class."""

from __future__ import annotations

from voicelab.analysis.tagged.scoring import score_calls

__all__ = ["score_calls"]
