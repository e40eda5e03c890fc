"""`voicelab bench endpoint` and `voicelab bench vad`: when speech is over, and what listening for it costs."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicelab.cli import terminal
from voicelab.cli.column_options import (
    AudioColumnOption,
    IdColumnOption,
    RefColumnOption,
    SpeakerColumnOption,
    set_columns,
)
from voicelab.cli.run_options import SamplesOption
from voicelab.runs import file_errors

if TYPE_CHECKING:
    from voicelab.analysis.bench.endpoint import OperatingPoint
    from voicelab.analysis.bench.pauses import PausePlan

_DETECTOR_HELP = "silero or energy, with options as in energy:above_floor_db=6."


def endpoint(
    silence_s: Annotated[
        list[float] | None, typer.Option(min=0.05, help="A setting to try, may be repeated. \\[default: 0.2 to 1.2]")
    ] = None,
    complete_factor: Annotated[float | None, typer.Option(help="Of silence_s, for words that look finished.")] = None,
    unfinished_factor: Annotated[float | None, typer.Option(help="... for words that cannot be the end.")] = None,
    samples: SamplesOption = None,
    ref_column: RefColumnOption = None,
    id_column: IdColumnOption = None,
    speaker_column: SpeakerColumnOption = None,
    audio_column: AudioColumnOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of recordings. \\[default: all]")] = None,
    variants: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Each recording so many times, with other pauses.")
    ] = 2,
    pauses: Annotated[int, typer.Option(min=0, max=1000, help="Pauses in each.")] = 1,
    shortest_pause_s: Annotated[float, typer.Option(min=0.0, help="Shortest pause.")] = 0.2,
    longest_pause_s: Annotated[float, typer.Option(min=0.0, max=2.5, help="Longest pause.")] = 0.8,
    noise_dbfs: Annotated[float, typer.Option(min=-200.0, max=-20.0, help="Level of the pink noise, in dBFS.")] = -55.0,
    lag_s: Annotated[float, typer.Option(min=0.0, max=60.0, help="How late the recognizer's words come.")] = 0.1,
    detector: Annotated[str, typer.Option(help=_DETECTOR_HELP)] = "silero",
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Seed of the pauses, the noise and the intervals.")
    ] = 0,
    plot: Annotated[Path | None, typer.Option(help="Also draw the curve into this PNG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures alone, as JSON.")] = False,
) -> None:
    """Put pauses between the words of recordings and print, for each setting of the endpointer, how many it cuts
    short and how late it decides that speech is over; with a look at the words so far, and without.

    The words are those that PocketSphinx hears on the way, every 0.1 s. It takes some minutes.

    Example: voicelab bench endpoint --limit 16 --silence-s 0.4 --silence-s 0.8 --plot curve.png
    """
    with terminal.errors():
        from voicelab.analysis.bench import endpoint as trade_off
        from voicelab.analysis.bench.endpoint_plot import figure
        from voicelab.analysis.bench.pauses import PausePlan
        from voicelab.datasets import load
        from voicelab.errors import InputError
        from voicelab.paths import shipped
        from voicelab.vad.catalog import DETECTORS
        from voicelab.vad.endpoint import EndpointSettings

        if not shortest_pause_s <= longest_pause_s:
            raise InputError("--shortest-pause-s must not be more than --longest-pause-s")
        if plot is not None:
            file_errors.check_file("--plot", plot)
        factors = {"complete_factor": complete_factor, "unfinished_factor": unfinished_factor}
        base = EndpointSettings(**{name: value for name, value in factors.items() if value is not None})
        tried = sorted(set(silence_s or (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2)))
        for one_s in tried:
            replace(base, silence_s=one_s)  # all are checked before the first is tried
        plan = PausePlan(pauses, shortest_pause_s, longest_pause_s, noise_dbfs)
        columns = set_columns(reference=ref_column, sample_id=id_column, speaker=speaker_column, audio=audio_column)
        chosen = load(samples or shipped("voice_samples"), columns).only(limit=limit).spoken
        engine = DETECTORS.config(detector).build()
        engine.load()
        clips = []
        with terminal.progress_bar("pauses") as advance:
            for one in trade_off.judged(engine, trade_off.paused_clips(chosen, plan, variants=variants, seed=seed)):
                clips.append(one)
                advance(len(clips), len(chosen) * variants, None)
        points = trade_off.curve(engine, clips, tried, base, lag_s=lag_s, seed=seed)
        if plot is not None:
            figure(points, EndpointSettings().silence_s).savefig(plot, dpi=90)
        if as_json:
            options = {"detector": detector, "variants": variants, "lag_s": lag_s, "seed": seed, **asdict(plan)}
            typer.echo(json.dumps({"options": options, "points": [_fields(point) for point in points]}, indent=2))
        else:
            _show(points, plan, detector)


def _fields(point: OperatingPoint) -> dict[str, Any]:
    return {**asdict(point), "cut_rate": point.cut / point.n}


def _show(points: list[OperatingPoint], plan: PausePlan, detector: str) -> None:
    rows = []
    for point in points:
        interval = point.cut_interval
        sure = "-" if interval is None else f"{100 * interval.low:.1f} .. {100 * interval.high:.1f}"
        delays = ["-" if one is None else f"{one:.2f}" for one in (point.delay_p50_s, point.delay_p95_s)]
        cut = f"{100 * point.cut / point.n:.1f}"
        kind = "with words" if point.words else "without"
        rows.append((kind, f"{point.settings.silence_s:g}", cut, sure, *delays, str(point.missed)))
    title = (
        f"{points[0].n} recordings with {plan.pauses} pause(s) of {plan.shortest_s:g} to {plan.longest_s:g} s, "
        f"noise at {plan.noise_dbfs:g} dBFS, {detector}"
    )
    columns = ("completeness", "silence_s", "cut early %", "95 %", "delay p50 s", "p95 s", "missed")
    terminal.table(title, columns, rows)


def vad(
    detector: Annotated[
        list[str] | None, typer.Option(help=f"May be repeated: {_DETECTOR_HELP} \\[default: silero]")
    ] = None,
    streams: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many connections.")] = 40,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600.0, help="Of sound on each.")] = 5.0,
    piece_s: Annotated[float, typer.Option(min=0.001, help="In pieces of this length.")] = 0.02,
    rounds: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Take each figure so many times; the best counts.")
    ] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures alone, as JSON.")] = False,
) -> None:
    """Print the processor time that speech detection and endpointing take: per second of one stream's sound, and as a
    share of one core for all streams.

    Example: voicelab bench vad --streams 40
    """
    with terminal.errors():
        from voicelab.analysis.bench.asr import clips_of
        from voicelab.analysis.bench.vad import cost
        from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
        from voicelab.datasets import load
        from voicelab.errors import InputError
        from voicelab.paths import shipped
        from voicelab.vad.catalog import DETECTORS

        configs = [DETECTORS.config(one) for one in detector or ["silero"]]
        recordings = clips_of(load(shipped("voice_samples")), limit=max(1, round(seconds)))
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
            typer.echo(json.dumps({name: asdict(one) for name, one in found}, indent=2))
            return
        rows = [
            (name, *(f"{figure:.2f}" for ms in (one.single_ms, one.batched_ms) for figure in (ms, ms * streams / 10)))
            for name, one in found
        ]
        columns = ("detector", "single ms/s", "% of a core", "batched ms/s", "% of a core")
        terminal.table(f"{streams} streams, pieces of {1000 * piece_s:g} ms, best of {rounds}", columns, rows)
