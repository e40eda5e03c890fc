"""Scores the partial transcripts of a turn."""

from __future__ import annotations

from voicelab.metrics.commit_times import StreamingCounts, committed_s, revised_words
from voicelab.metrics.entities import mentions
from voicelab.metrics.words import align, counts_of
from voicelab.runs.records import TurnResult
from voicelab.text import Normalizer


def streaming_counts(turn: TurnResult, normalizer: Normalizer) -> StreamingCounts | None:
    """Count one turn; None without partial transcripts or without a final one."""
    partials = turn.partials
    if len(partials) < 2 or turn.heard is None:
        return None
    words = [normalizer.words(one.text) for one in partials]
    # Times count from the end of the caller's audio.
    during = [one for one in partials if one.at_s <= 0] or partials[:1]
    partial = counts_of(align(turn.text, during[-1].text, normalizer))
    final = counts_of(align(turn.text, turn.heard, normalizer))
    return StreamingCounts(
        commit_s=_commit_s(turn),
        revised_words=revised_words(words),
        final_words=len(words[-1]),
        partial_errors=partial.errors,
        final_errors=final.errors,
        reference_words=final.reference_words,
    )


def _commit_s(turn: TurnResult) -> float | None:
    times = [one.at_s for one in turn.partials]
    ends_s = {end.entity: end.at_s for end in turn.entity_ends}
    delays = []
    for entity in turn.expected_entities:
        right_s = committed_s([mentions(one.text, entity) for one in turn.partials], times)
        end_s = ends_s.get(entity)
        if right_s is None or end_s is None:
            return None
        delays.append(right_s - end_s)
    return max(delays, default=None)
