"""Scores the partial transcripts of a turn, and of a run over time."""

from collections.abc import Sequence
from functools import cache

from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.commit_times import OVER_TIME_S, StreamingCounts, committed_s, revised_words
from voicelab.metrics.entities import mentions
from voicelab.metrics.words import align, counts_of
from voicelab.runs.records import TurnResult
from voicelab.scoring.intervals import Clusters
from voicelab.scoring.measuring import measure_ratio
from voicelab.scoring.schema import WERAtTime
from voicelab.text import Normalizer


def streaming_counts(turn: TurnResult, normalizer: Normalizer) -> StreamingCounts | None:
    """Count one turn; None without partial transcripts or without a final one."""
    partials = turn.partials
    if len(partials) < 2 or turn.heard is None:
        return None
    words = [normalizer.words(one.text) for one in partials]
    # Times count from the end of the caller's audio.
    during = [one for one in partials if one.at_s <= 0] or partials[:1]
    final = counts_of(align(turn.text, turn.heard, normalizer))

    @cache
    def errors(text: str) -> int:
        return counts_of(align(turn.text, text, normalizer)).errors

    return StreamingCounts(
        commit_s=_commit_s(turn),
        revised_words=revised_words(words),
        final_words=len(words[-1]),
        partial_errors=errors(during[-1].text),
        final_errors=final.errors,
        reference_words=final.reference_words,
        errors_over_time=None
        if turn.speech_ends_s is None
        else tuple(errors(_text_at(turn, turn.speech_ends_s + at_s)) for at_s in OVER_TIME_S),
    )


def wer_over_time(scores: Sequence[TurnScore]) -> tuple[WERAtTime, ...]:
    """The word error rate at each of OVER_TIME_S with its interval; empty without partial transcripts."""
    counted = [
        (score.turn, score.streaming.errors_over_time, score.streaming.reference_words)
        for score in scores
        if score.streaming is not None and score.streaming.errors_over_time is not None
    ]
    if not counted:
        return ()
    clusters = Clusters.of([turn for turn, _, _ in counted])
    words = [reference_words for _, _, reference_words in counted]
    return tuple(
        WERAtTime(at_s=at_s, wer=measure_ratio([errors[place] for _, errors, _ in counted], words, clusters))
        for place, at_s in enumerate(OVER_TIME_S)
    )


def _text_at(turn: TurnResult, at_s: float) -> str:
    """The latest partial transcript at a time."""
    return next((one.text for one in reversed(turn.partials) if one.at_s <= at_s), "")


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
