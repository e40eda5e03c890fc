"""The figures of a run: rates of counts summed over its turns, with intervals (docs/reference/measures.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from voicelab.datasets import Scenario
from voicelab.errors import InputError
from voicelab.metrics.entities import Forms, FoundCounts
from voicelab.metrics.intents import confusion
from voicelab.metrics.latency import QUANTILES, least_turns, quantiles
from voicelab.metrics.words import WordCounts
from voicelab.runs.records import RunResult, TurnResult
from voicelab.scoring import inputs
from voicelab.scoring.action_equivalence import equivalence_summary
from voicelab.scoring.attribution import attribution
from voicelab.scoring.class_figures import class_figures
from voicelab.scoring.counterfactual_file import Counterfactual
from voicelab.scoring.intervals import LEVEL, Clusters, FigureIntervals
from voicelab.scoring.linker import linker_summary
from voicelab.scoring.missing_signals import missing_signals, sends_entities
from voicelab.scoring.response_times import unused_times
from voicelab.scoring.scenarios import scenario_summary
from voicelab.scoring.schema import (
    ColdTurn,
    EntitySummary,
    IntentSummary,
    LatencySummary,
    NormalizerUsed,
    Rate,
    Resampling,
    StageFigures,
    Summary,
    TurnCounts,
    Waterfall,
    WordFigures,
    WordSummary,
)
from voicelab.scoring.silence import silence_summary
from voicelab.scoring.turns import TurnScore, score_turns
from voicelab.text import Normalizer, headline_of, misfit

STAGES = (
    "response_s", "transcript_s", "reply_text_s", "first_audio_s", "turn_s",
    "decode_s", "asr_s", "asr_busy_s", "agent_s", "tts_first_s", "tts_s", "encode_s", "overhead_s", "rtf",
)  # fmt: skip
PATH = ("decode_s", "asr_s", "agent_s", "tts_s", "encode_s", "overhead_s")
"""The stages that lie one after the other in a turn, and what is left of it."""


def summarize(
    run: RunResult,
    turns: list[TurnResult],
    forms: Forms | None = None,
    scenarios: Sequence[Scenario] | None = None,
    replay: Counterfactual | None = None,
) -> Summary:
    """The figures of a run.

    forms: the companies' names, by default those that the run's agent knew. scenarios: what was expected of each, by
    default from the run's sample set; a scenario whose expectations are not known is not scored. replay: what the run's
    replay.json holds (`replayed.read`); without it nothing is said about changed actions and the stages' losses.
    """
    if scenarios is None:
        samples = inputs.sample_set(run)
        scenarios = samples.scenarios if samples is not None else ()
    names = forms if forms is not None else inputs.company_forms(run)
    return summarize_scores(run, scores_of(run, turns, names), scenarios, names, replay)


def scores_of(run: RunResult, turns: Sequence[TurnResult], forms: Forms | None = None) -> list[TurnScore]:
    """Each turn scored under the run's normalizer; of a turn that was taken twice, the later one."""
    taken = list({turn.key: turn for turn in turns}.values())
    names = forms if forms is not None else inputs.company_forms(run)
    scores = score_turns(taken, run.spec.rules, names)
    if sends_entities(run):
        return scores
    return [replace(score, agent=None) for score in scores]


def summarize_scores(
    run: RunResult,
    scores: Sequence[TurnScore],
    scenarios: Sequence[Scenario],
    forms: Forms,
    replay: Counterfactual | None = None,
) -> Summary:
    """The figures of turns that are scored already."""
    sure = FigureIntervals(run.spec.seed, run.spec.draws)
    primary = [score for score in scores if score.turn.primary]
    clusters = Clusters.of([score.turn for score in primary])
    rule = run.spec.rules
    return Summary(
        run_id=run.run_id,
        status=run.status,
        mode=run.spec.mode,
        target=run.spec.target,
        condition=run.spec.condition.label if run.spec.condition is not None else None,
        normalizer=NormalizerUsed(name=rule.name, version=rule.version, word_map=rule.word_map),
        language=run.spec.language,
        headline=headline_of(rule),
        warnings=(
            *_warnings(run, rule, [score.turn.text for score in primary]),
            *missing_signals(run, [score.turn for score in primary]),
            *unused_times(run.spec.mode, [score.turn for score in primary]),
            *run.notices,
        ),
        resampling=Resampling(
            level=LEVEL,
            unit=clusters.unit,
            clusters=clusters.count,
            seed=sure.seed,
            draws=sure.draws,
            note=clusters.note(clusters.count) if primary else None,
        ),
        turns=_turn_counts(run, scores),
        words=WordSummary(
            overall=_words(primary, sure),
            by_category=_words_by(primary, lambda turn: turn.category, sure),
            by_speaker=_words_by(primary, lambda turn: turn.speaker, sure),
        ),
        silence=silence_summary(primary),
        entities=_entities(primary, sure),
        intents=_intents(primary, sure),
        latency=_latency(run.spec.mode, [score.turn for score in primary], sure),
        scenarios=scenario_summary([score.turn for score in scores], scenarios, sure),
        linker=linker_summary(run, primary),
        entity_classes=class_figures(primary, sure),
        equivalence=equivalence_summary(primary, replay, sure),
        attribution=attribution(primary, replay, forms, sure),
    )


def _warnings(run: RunResult, rule: Normalizer, references: Sequence[str]) -> tuple[str, ...]:
    """What a reader should know: what engines said of themselves, and a normalizer that does not fit the texts."""
    notes = tuple(engine.note for engine in run.engines if engine.note)
    found = misfit(rule, references)
    return (*notes, found) if found is not None else notes


def read(path: Path) -> Summary:
    """A summary.json; InputError names what is wrong with it."""
    try:
        return Summary.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; make it: voicelab report RUN_FOLDER") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason}; make it again: voicelab report RUN_FOLDER") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: not a summary: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _turn_counts(run: RunResult, scores: Sequence[TurnScore]) -> TurnCounts:
    turns = [score.turn for score in scores]
    answered = Counter(turn.primary for turn in turns if turn.status == "answered")
    silent = Counter(turn.primary for turn in turns if turn.nothing_heard)
    failed = Counter(turn.primary for turn in turns if turn.broken)
    codes = Counter(turn.failure.code for turn in turns if turn.failure is not None and turn.broken)
    return TurnCounts(
        planned=run.planned_turns,
        answered=answered.total(),
        failed=failed.total(),
        nothing_heard=silent.total(),
        missing=max(0, run.planned_turns - len(turns)),
        primary=answered[True] + failed[True] + silent[True],
        primary_answered=answered[True],
        primary_failed=failed[True],
        cold=sum(turn.cold for turn in turns),
        failures=dict(sorted(codes.items())),
    )


def _words(scores: Sequence[TurnScore], sure: FigureIntervals) -> WordFigures:
    scored = [(score.turn, score.words) for score in scores if score.words is not None]
    total = sum((words for _, words in scored), WordCounts())
    columns = [
        [words.hits for _, words in scored],
        [words.reference_words for _, words in scored],
        [words.hypothesis_words for _, words in scored],
    ]
    return WordFigures(
        n=len(scored),
        not_scored=len(scores) - len(scored),
        reference_words=total.reference_words,
        hits=total.hits,
        substitutions=total.substitutions,
        deletions=total.deletions,
        insertions=total.insertions,
        wer=sure.share(scores, lambda score: score.words, lambda c: c.errors, lambda c: c.reference_words),
        cer=sure.share(scores, lambda score: score.characters, lambda c: c.errors, lambda c: c.reference_words),
        mer=sure.share(scores, lambda score: score.words, lambda c: c.errors, lambda c: c.hits + c.errors),
        wil=sure.statistic(
            total.wil,
            columns,
            # Where nothing was heard there are no hits either, and all is lost, as in WordCounts.wil.
            lambda sums: 1 - sums[:, 0] ** 2 / (sums[:, 1] * sums[:, 2].clip(min=1)),
            Clusters.of([turn for turn, _ in scored]),
            least=0.0,
            most=1.0,
        ),
    )


def _words_by(
    scores: Sequence[TurnScore], name_of: Callable[[TurnResult], str | None], sure: FigureIntervals
) -> dict[str, WordFigures]:
    groups: dict[str, list[TurnScore]] = {}
    for score in scores:
        if (name := name_of(score.turn)) is not None:
            groups.setdefault(name, []).append(score)
    return {name: _words(group, sure) for name, group in groups.items()}


def _entities(scores: Sequence[TurnScore], sure: FigureIntervals) -> EntitySummary:
    def recall(counts: Callable[[TurnScore], FoundCounts | None]) -> Rate:
        return sure.share(scores, counts, lambda c: c.found, lambda c: c.expected)

    def agent(part: Callable[[FoundCounts], int], whole: Callable[[FoundCounts], int]) -> Rate:
        return sure.share(scores, lambda score: score.agent, part, whole)

    return EntitySummary(
        not_scored=sum(score.heard is None for score in scores),
        surface_said=recall(lambda score: score.said),
        surface_heard=recall(lambda score: score.heard),
        surface_answered=recall(lambda score: score.answered),
        surface_session=recall(lambda score: score.session),
        linked_heard=recall(lambda score: score.linked_heard),
        linked_answered=recall(lambda score: score.linked_answered),
        agent_precision=agent(lambda c: c.found, lambda c: c.found + c.unexpected),
        agent_recall=agent(lambda c: c.found, lambda c: c.expected),
        agent_f1=agent(lambda c: 2 * c.found, lambda c: c.expected + c.found + c.unexpected),
        entity_wer=sure.share(scores, lambda score: score.entity_words, lambda c: c.errors, lambda c: c.words),
    )


def _intents(scores: Sequence[TurnScore], sure: FigureIntervals) -> IntentSummary:
    asked = [(score.turn.expected_intent, score.intent) for score in scores]
    pairs = [(expected, got) for expected, got in asked if expected is not None and got is not None]
    return IntentSummary(
        not_scored=sum(expected is not None and got is None for expected, got in asked),
        accuracy=sure.share(scores, lambda score: score.intent_right, int, lambda _: 1),
        confusion=confusion(pairs),
    )


def _latency(mode: str, turns: Sequence[TurnResult], sure: FigureIntervals) -> LatencySummary:
    warm = [turn for turn in turns if turn.status == "answered" and not turn.cold]
    return LatencySummary(
        mode=mode,
        n=len(warm),
        stages={name: _stage(name, warm, sure) for name in STAGES},
        cold=tuple(
            ColdTurn(key=turn.key, stages={name: getattr(turn, name) for name in STAGES})
            for turn in turns
            if turn.cold and turn.status == "answered"
        ),
        median_turn=_median_turn(warm),
    )


def _stage(name: str, turns: Iterable[TurnResult], sure: FigureIntervals) -> StageFigures:
    timed = [(turn, value) for turn in turns if (value := getattr(turn, name)) is not None]
    values = [value for _, value in timed]
    found, clusters = quantiles(values), Clusters.of([turn for turn, _ in timed])
    refused = {
        name.removesuffix("_s"): least_turns(quantile)
        for name, quantile in QUANTILES.items()
        if 0 < found.n < least_turns(quantile)
    }
    sures = {
        point: sure.quantile(values, clusters, quantile)
        for point, quantile in ((name.removesuffix("_s"), quantile) for name, quantile in QUANTILES.items())
        if found.n and point not in refused
    }
    intervals = {f"{point}_interval": interval for point, (interval, _) in sures.items()}
    return StageFigures(
        n=found.n,
        p50=found.p50_s,
        p90=found.p90_s,
        p95=found.p95_s,
        p99=found.p99_s,
        max=found.max_s,
        **intervals,
        refused=refused,
        no_interval={point: reason for point, (_, reason) in sures.items() if reason},
    )


def _median_turn(turns: Iterable[TurnResult]) -> Waterfall | None:
    """Of the turns whose every stage is known, the one in the middle (the lower of two) by turn_s."""
    whole = [turn for turn in turns if turn.turn_s is not None and turn.overhead_s is not None]
    if not whole:
        return None
    middle = sorted(whole, key=lambda turn: turn.turn_s or 0.0)[(len(whole) - 1) // 2]
    return Waterfall(
        key=middle.key, turn_s=middle.turn_s or 0.0, parts={name: getattr(middle, name) or 0.0 for name in PATH}
    )
