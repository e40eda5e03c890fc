"""The JSON output of `voicelab score`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicelab.analysis.score_transcripts import Score
    from voicelab.analysis.systems import SystemPair
    from voicelab.analysis.systems.intervals import RateWithInterval
    from voicelab.metrics.intervals import Interval


def scores_document(
    reference: str, form: str, scores: Mapping[str, Score], pairs: Sequence[SystemPair], notices: Sequence[str]
) -> dict[str, Any]:
    """The scores of systems under one normalizer. form: the format of the file `reference`."""
    results = [result(system, score, utterances=True) for system, score in scores.items()]
    document: dict[str, Any] = {"format_version": 1, "reference": reference, "format": form, "notices": [*notices]}
    document |= results[0] if len(results) == 1 else {"results": results}
    return document | ({"comparisons": [comparison(pair) for pair in pairs]} if pairs else {})


def result(system: str, score: Score, *, utterances: bool = False) -> dict[str, Any]:
    """The figures of a system, with intervals. utterances: whether to include one row per utterance."""
    from voicelab.analysis.score_transcripts import figures, rule, word_figures
    from voicelab.analysis.systems import rates_with_intervals
    from voicelab.analysis.systems.utterances import utterance_rows
    from voicelab.metrics.words import WordCounts

    rates = rates_with_intervals(score)
    found: dict[str, Any] = {
        "hypothesis": system,
        "normalizer": rule(score.normalizer),
        "weights": score.weights.name,
        "speakers": {
            speaker: figures(counts) | _interval(rates.speakers[speaker]) for speaker, counts in score.speakers.items()
        },
        "total": figures(score.total) | _interval(rates.total),
    }
    if score.classes:
        found["classes"] = {
            kind: word_figures(sum(counts, WordCounts())) | _interval(rates.classes[kind])
            for kind, counts in score.classes.items()
        }
    if utterances:
        found["utterances"] = list(utterance_rows(score))
    return found


def _interval(rate: RateWithInterval) -> dict[str, Any]:
    found = interval(rate.interval, rate.unit, rate.note)
    return {"wer_interval": found} | ({"wer_no_interval": rate.note} if found is None else {})


def interval(found: Interval | None, unit: str, note: str | None) -> dict[str, Any] | None:
    """An interval with its method and limitations. bound: whether it is only a bound."""
    return None if found is None else asdict(found) | {"bound": found.bound is not None, "unit": unit, "note": note}


def comparison(pair: SystemPair) -> dict[str, Any]:
    """Two systems: the difference of WER with its interval, and the tests."""
    found = pair.difference
    return {
        "systems": [pair.first, pair.second],
        "utterances": found.samples,
        "wer": [found.first, found.second],
        "difference": found.difference,
        "interval": interval(found.interval, pair.unit, pair.note),
        "no_interval": pair.note if found.interval is None else None,
        "relative": found.relative,
        "relative_interval": interval(found.relative_interval, pair.unit, pair.note),
        "tests": [
            {"test": test.name, "basis": test.basis, "p": test.p_value, "p_holm": test.holm} for test in pair.tests
        ],
    }
