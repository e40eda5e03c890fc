"""Figures as people read them: `0.285 [0.238, 0.328]`, `0.58 s`, and what a run is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from voicelab.metrics.intervals import FEW
from voicelab.scoring.schema import Bounds, Estimate, Rate, SilenceSummary, StageFigures, Summary

NONE = "–"
"""Stands where nothing was scored."""

STAGE_NAMES = {
    "transcript_s": "transcript",
    "reply_text_s": "reply text",
    "response_s": "response as heard",
    "first_audio_s": "first sound",
    "turn_s": "whole turn",
    "decode_s": "decode",
    "asr_s": "recognize",
    "asr_busy_s": "recognizer busy",
    "agent_s": "agent",
    "tts_first_s": "first sentence spoken",
    "tts_s": "speak",
    "encode_s": "encode",
    "overhead_s": "overhead",
    "rtf": "real-time factor",
}
CAUSE_NAMES = {"asr": "recognizer (ASR)", "agent": "agent", "tts": "voice (TTS)", "rest": "the way, and waiting"}
"""Who lost something, or took the time."""


class Headline(NamedTuple):
    """A line of the short summary: what, how much, and how sure."""

    name: str
    value: str
    note: str


def number(value: float | None) -> str:
    """A rate to three places."""
    return NONE if value is None else f"{value:.3f}"


def seconds(value: float | None) -> str:
    """A duration to three significant places, in s, or in ms below a tenth of a second."""
    if value is None:
        return NONE
    return f"{value:.2f} s" if abs(value) >= 0.1 else f"{1000 * value:.3g} ms"


def stage_value(name: str, value: float | None) -> str:
    """A figure of a stage, in the unit that its name ends in."""
    return seconds(value) if name.endswith("_s") else number(value)


def percentile(name: str, stage: StageFigures, which: str) -> str:
    """A percentile of a stage, `p50` to `p99`, or why there is none: `n too small: 12 of 20`."""
    if which in stage.refused:
        return f"n too small: {stage.n} of {stage.refused[which]}"
    return stage_value(name, getattr(stage, which))


def interval(bounds: Bounds | None, show: Callable[[float | None], str] = number) -> str:
    return f"[{show(bounds.low)}, {show(bounds.high)}]" if bounds is not None else ""


def caution(figure: Estimate) -> str:
    """What a reader must know of how sure a figure is: `too few speakers (2)`, `no interval: ...`; mostly empty."""
    bounds = figure.interval
    if bounds is not None:
        return f"too few {bounds.unit}s ({bounds.clusters})" if bounds.clusters < FEW else ""
    return f"no interval: {figure.no_interval}" if figure.no_interval else ""


def interval_methods(summary: Summary) -> str:
    """How the intervals over all turns were made: `jackknife t (rates), order statistics (percentiles)`.

    Not that of scenarios, which are clusters of their own.
    """
    entities = [one for _, one in summary.entities if isinstance(one, Rate)]
    rates = [summary.words.overall.wer, *entities, summary.intents.accuracy]
    percentiles = [stage.p50_interval for stage in summary.latency.stages.values()]
    kinds = {"rates": [rate.interval for rate in rates], "percentiles": percentiles}
    found = {kind: sorted({one.method for one in bounds if one is not None}) for kind, bounds in kinds.items()}
    return ", ".join(f"{' or '.join(methods)} ({kind})" for kind, methods in found.items() if methods) or "none"


def estimate(figure: Estimate) -> str:
    """`0.285 [0.238, 0.328]`, or a dash where nothing was scored."""
    return " ".join(filter(None, (number(figure.value), interval(figure.interval))))


def run_line(summary: Summary) -> str:
    """What a figure says about where it comes from."""
    rule = summary.normalizer
    mapped = f" with word map {rule.word_map[:12]}" if rule.word_map is not None else ""
    disturbed = f" · {summary.condition}" if summary.condition else ""
    return f"run {summary.run_id} · {summary.mode}{disturbed} · normalizer {rule.name} {rule.version}{mapped}"


def headline(summary: Summary) -> list[Headline]:
    """The figures to see first."""
    entities, scenarios = summary.entities, summary.scenarios.success
    return [
        _error_rate(summary),
        _changed(summary),
        Headline("entity recall, heard", number(entities.surface_heard.value),
                 _joined(_counted(entities.surface_heard, "of", "entities"), _ceiling(entities.surface_said))),
        Headline("entity recall, answered", *_found(entities.surface_answered)),
        Headline("entity recall, session", *_found(entities.surface_session)),
        Headline("companies linked, F1", number(entities.agent_f1.value),
                 _joined(interval(entities.agent_f1.interval), caution(entities.agent_f1))),
        Headline("intent accuracy", number(summary.intents.accuracy.value), _counted(summary.intents.accuracy, "of")),
        Headline("scenarios succeeded", f"{scenarios.part} of {scenarios.whole}" if scenarios.whole else NONE,
                 _joined(interval(scenarios.interval), caution(scenarios))),
        *_heard(summary),
        _timed(summary, "first_audio_s", "p50"),
        _timed(summary, "first_audio_s", "p95"),
        _timed(summary, "turn_s", "p50"),
        _timed(summary, "turn_s", "p95"),
        *(_silence(summary.silence) if summary.silence is not None else ()),
        Headline("turns answered", f"{summary.turns.answered} of {summary.turns.planned}", _failures(summary)),
    ]  # fmt: skip


def _error_rate(summary: Summary) -> Headline:
    """The headline of the language: WER, or CER where the field scores by characters."""
    words = summary.words.overall
    rate, name, what = (
        (words.cer, "character error rate (CER)", "characters")
        if summary.headline == "cer"
        else (words.wer, "word error rate (WER)", "words")
    )
    if not rate.whole and rate.n:
        return Headline(name, NONE, f"no {what} in the references; {rate.part} {what} inserted")
    return Headline(name, number(rate.value), _counted(rate, "errors in", what))


def _silence(found: SilenceSummary) -> list[Headline]:
    """What was heard where nobody speaks."""
    per_minute = found.false_words_per_minute
    failed = f"{found.failed} failed" if found.failed else ""
    length = f"{found.audio_s:.1f} s of sound" if found.audio_s is not None else "the length of the sound is not known"
    words = f"{found.false_words} words in {found.n} samples without speech, {length}"
    return [
        Headline("samples without speech, nothing heard", f"{found.nothing_heard} of {found.n}", failed),
        Headline("false speech, words per minute", NONE if per_minute is None else f"{per_minute:.1f}", words),
    ]


def _changed(summary: Summary) -> Headline:
    found = summary.equivalence
    name = "turns whose action changes"
    if found is None or found.absent is not None:
        return Headline(name, NONE, found.absent if found is not None and found.absent else "not in this summary")
    return Headline(name, number(found.changed.value), _counted(found.changed, "of"))


def _counted(rate: Rate, between: str, what: str = "turns") -> str:
    return _joined(interval(rate.interval), f"{rate.part} {between} {rate.whole} {what}", caution(rate))


def _found(rate: Rate) -> tuple[str, str]:
    return number(rate.value), _counted(rate, "of", "entities")


def _ceiling(said: Rate | None) -> str:
    """What a perfect transcript would reach, where that is less than everything."""
    if said is None or said.value is None or said.part == said.whole:
        return ""
    return f"at most {number(said.value)} with a perfect transcript: the others are not said as they are written"


def _heard(summary: Summary) -> list[Headline]:
    """The response times of a run in realtime mode."""
    stage = summary.latency.stages.get("response_s")
    if stage is None or not stage.n:
        return []
    return [_timed(summary, "response_s", "p50"), _timed(summary, "response_s", "p95")]


def _timed(summary: Summary, name: str, which: str) -> Headline:
    stage: StageFigures = summary.latency.stages[name]
    bounds = stage.p50_interval if which == "p50" else stage.p95_interval
    lacking = f"no interval: {stage.no_interval[which]}" if which in stage.no_interval else ""
    note = _joined(interval(bounds, seconds), f"{stage.n} turns, {summary.mode}", lacking)
    return Headline(f"{STAGE_NAMES[name]}, {which}", percentile(name, stage, which), note)


def _failures(summary: Summary) -> str:
    counts = summary.turns
    failed = ", ".join(f"{count} {code}" for code, count in counts.failures.items())
    missing = f"{counts.missing} not taken" if counts.missing else ""
    silent = f"nothing heard in {counts.nothing_heard}" if counts.nothing_heard else ""
    return _joined(f"failed: {failed}" if failed else "none failed", silent, missing)


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))
