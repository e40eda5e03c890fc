"""`voicelab bench endpoint` and `voicelab bench vad`: end-of-turn detection and its cost."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.asr.catalog import DEFAULT_RECOGNIZER, RECOGNIZERS
from voicelab.cli import options, terminal
from voicelab.errors import InputError
from voicelab.runs import file_errors

if TYPE_CHECKING:
    from voicelab.analysis.bench.endpoint import Halves, MethodFigures, OperatingPoint
    from voicelab.analysis.bench.pauses import PausePlan
    from voicelab.metrics.intervals import Interval

_DETECTOR_HELP = "silero or energy, with options as in energy:above_floor_db=6."


def endpoint(
    turn_end: Annotated[
        list[str] | None,
        typer.Option(help="silence, words, prosody or smart-turn; may be repeated. \\[default: all installed]"),
    ] = None,
    asr: Annotated[str | None, typer.Option(help="Recognizer of partial transcripts. \\[moonshine]")] = None,
    tune_speakers: Annotated[
        str | None,
        typer.Option(
            help="Tune the silence on these speakers and report the others. \\[default: those of prosody's fit]"
        ),
    ] = None,
    silence_s: Annotated[
        list[float] | None, typer.Option(min=0.05, help="A silence to try, may be repeated. \\[default: 0.2 to 1.4]")
    ] = None,
    samples: options.SamplesOption = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of recordings. \\[default: all]")] = None,
    variants: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Repetitions of each recording, with different pauses.")
    ] = 2,
    pauses: Annotated[int, typer.Option(min=0, max=1000, help="Pauses per recording.")] = 1,
    shortest_pause_s: Annotated[float, typer.Option(min=0.0, help="Shortest pause.")] = 0.2,
    longest_pause_s: Annotated[float, typer.Option(min=0.0, max=2.5, help="Longest pause.")] = 0.8,
    noise_dbfs: Annotated[float, typer.Option(min=-200.0, max=-20.0, help="Level of the pink noise, in dBFS.")] = -55.0,
    lag_s: Annotated[float, typer.Option(min=0.0, max=60.0, help="Delay of partial transcripts, in seconds.")] = 0.1,
    detector: Annotated[str, typer.Option(help=_DETECTOR_HELP)] = "silero",
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Seed of the pauses, the noise and the intervals.")
    ] = 0,
    plot: Annotated[Path | None, typer.Option(help="Also plot the curves to this PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure end-of-turn methods on recordings with pauses between their words.

    Prints, for each method, the share of turns cut off by pause length, and the latency at 5 % and 10 % cut-offs. The
    silence for 5 % and 10 % is tuned on some speakers; all figures are those of the others. It takes minutes.

    Example: voicelab bench endpoint --turn-end silence --turn-end prosody --plot curve.png
    """
    from voicelab.analysis.bench import endpoint as measure
    from voicelab.analysis.bench.pauses import PausePlan
    from voicelab.analysis.bench.replay import EndpointMethod, classified
    from voicelab.vad.catalog import DETECTORS
    from voicelab.vad.turn_end.catalog import TURN_ENDS
    from voicelab.vad.turn_end.prosody import FITTED_ON

    if not shortest_pause_s <= longest_pause_s:
        raise InputError("--shortest-pause-s must not be more than --longest-pause-s")
    if plot is not None:
        file_errors.check_file("--plot", plot)
    asr = asr or DEFAULT_RECOGNIZER
    RECOGNIZERS.config(asr)
    names = turn_end or [name for name, entry in TURN_ENDS.entries.items() if entry.installed()]
    methods = [EndpointMethod(name, TURN_ENDS.config(name).build()) for name in names]
    tried = sorted(set(silence_s or measure.SILENCES_S))
    for method, one_s in product(methods, tried):
        replace(method.turn_end.settings, silence_s=one_s)  # check all before the first one runs
    for method in methods:
        method.turn_end.load()
    plan = PausePlan(pauses, shortest_pause_s, longest_pause_s, noise_dbfs)
    whole = options.load_set(samples, ref_column, id_column, speaker_column, audio_column)
    chosen = whole.only(limit=limit).spoken
    engine = DETECTORS.config(detector).build()
    engine.load()
    clips = []
    with terminal.progress_bar("pauses") as advance:
        made = measure.paused_clips(chosen, plan, asr=asr, variants=variants, seed=seed)
        for one in classified(engine, made):
            clips.append(one)
            advance(len(clips), len(chosen) * variants)
    speakers = tune_speakers.split(",") if tune_speakers else FITTED_ON
    split = measure.halves(clips, speakers)
    found = [measure.figures(method, split, tried, lag_s=lag_s) for method in methods]
    if plot is not None:
        measure.plot(found).savefig(plot, dpi=90)
    if as_json:
        made_with = {
            "asr": asr, "detector": detector, "variants": variants, "lag_s": lag_s, "seed": seed,
            "held_out": split.held_out, **asdict(plan),
        }  # fmt: skip
        terminal.print_json({"options": made_with, "turn_ends": [asdict(one) for one in found]})
    else:
        _show(found, split, plan, f"{detector}, {asr}")


def _show(found: list[MethodFigures], split: Halves, plan: PausePlan, engines: str) -> None:
    speakers = sorted({one.speaker for one in split.report})
    about = (
        f"{plan.pauses} pause(s) of {plan.shortest_s:g} to {plan.longest_s:g} s, {plan.noise_dbfs:g} dBFS, {engines}"
    )
    held_out = "" if split.held_out else "; the silence was tuned on the same recordings, so the figures are optimistic"
    title = f"{len(split.report)} recordings of {', '.join(speakers)}; {about}{held_out}"
    rows: list[tuple[str, ...]] = []
    for one in found:
        rows.append((one.name, "default", *_cells(one.default)))
        for at in one.at_shares:
            cells = ["-"] * 6 if at.point is None else _cells(at.point)
            rows.append((one.name, f"for {100 * at.share:g} %", *cells))
    columns = ("turn end", "silence", "s", "cut off %", "95 %", "latency p50 s", "95 %", "p95 s")
    terminal.table(title, columns, rows)
    pauses = [
        (one.name, f"{cuts.low_s:g} to {cuts.high_s:g}", f"{1000 * cuts.within_s:g}", str(cuts.n),
         f"{100 * cuts.cut / cuts.n:.1f}", interval_text(cuts.interval, 100, 1))
        for one in found for cuts in one.by_pause
    ]  # fmt: skip
    if pauses:
        shown = ("turn end", "pause s", "within ms", "pauses", "cut off %", "95 %")
        terminal.table("pauses mistaken for the end, at the default silence", shown, pauses)


def _cells(point: OperatingPoint) -> list[str]:
    p50, p95 = map(terminal.number, (point.delay_p50_s, point.delay_p95_s))
    cut = f"{100 * point.cut / point.n:.1f}"
    intervals = interval_text(point.cut_interval, 100, 1), interval_text(point.delay_p50_interval)
    return [f"{point.silence_s:g}", cut, intervals[0], p50, intervals[1], p95]


def interval_text(interval: Interval | None, scale: float = 1, digits: int = 2) -> str:
    """Format an interval, or a dash."""
    if interval is None:
        return "-"
    return f"{scale * interval.low:.{digits}f} .. {scale * interval.high:.{digits}f}"


def vad(
    detector: Annotated[
        list[str] | None, typer.Option(help=f"May be repeated: {_DETECTOR_HELP} \\[default: silero]")
    ] = None,
    streams: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of connections.")] = 40,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600.0, help="Seconds of audio per connection.")] = 5.0,
    piece_s: Annotated[float, typer.Option(min=0.001, help="Length of the pieces, in seconds.")] = 0.02,
    rounds: Annotated[int, typer.Option(min=1, max=1_000_000, help="Repetitions of each figure; the best counts.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Print the processor time that speech detection and endpointing take: per second of one stream's sound, and as a
    share of one core for all streams.

    Example: voicelab bench vad --streams 40
    """
    from voicelab.analysis.bench.asr import clips_of
    from voicelab.analysis.bench.vad import cost
    from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
    from voicelab.vad.catalog import DETECTORS

    configs = [DETECTORS.config(one) for one in detector or ["silero"]]
    recordings = clips_of(options.load_set(None), limit=max(1, round(seconds)))
    clip = Clip.join(recordings).between(0, seconds)
    if len(clip.samples) < piece_s * SPEECH_RATE_HZ:
        raise InputError("--piece-s must not be more than --seconds")
    found = []
    for config in configs:
        engine = config.build()
        engine.load()
        one = cost(engine, clip, streams=streams, piece_s=piece_s, rounds=rounds)
        found.append((config.name, one))
    if as_json:
        terminal.print_json({name: asdict(one) for name, one in found})
        return
    rows = [
        (name, *(f"{figure:.2f}" for ms in (one.single_ms, one.batched_ms) for figure in (ms, ms * streams / 10)))
        for name, one in found
    ]
    columns = ("detector", "single ms/s", "% of a core", "batched ms/s", "% of a core")
    terminal.table(f"{streams} streams, pieces of {1000 * piece_s:g} ms, best of {rounds}", columns, rows)
