"""`voicelab bench`: benchmarks on this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.cli import options, terminal
from voicelab.cli.bench_endpoint import endpoint, vad
from voicelab.cli.bench_response import response
from voicelab.cli.bench_server import server
from voicelab.cli.bench_tts import tts
from voicelab.cli.strict import StrictTyper
from voicelab.errors import EngineMissingError
from voicelab.text import NAMES
from voicelab.text import normalizer as normalizer_of

if TYPE_CHECKING:
    from voicelab.analysis.bench.asr import Speed

bench = StrictTyper(no_args_is_help=True, help="Measure speed and endpointing on this machine.")
for _command in (endpoint, vad, server, response, tts):
    bench.command()(_command)


@bench.command()
def words(
    pairs: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of pairs of ten words.")] = 100_000,
    normalizer: Annotated[str, typer.Option(help=f"{NAMES}.")] = "english",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the pairs.")] = 0,
) -> None:
    """Time normalization, alignment and counting, beside jiwer's plain word alignment of the same pairs.

    Example: voicelab bench words
    """
    from voicelab.analysis.bench.words import bench_words

    found = bench_words(normalizer_of(normalizer), pairs, seed)
    rows = [
        ("voicelab: normalize, align, count", f"{found.first_s:.2f}", f"{found.first_s / found.jiwer_s:.2f}"),
        ("... the same texts again", f"{found.again_s:.2f}", f"{found.again_s / found.jiwer_s:.2f}"),
        ("jiwer: align, count", f"{found.jiwer_s:.2f}", "1.00"),
    ]
    title = f"{found.pairs} pairs, normalizer {found.normalizer}, {found.errors} errors found by both"
    terminal.table(title, ("what", "seconds", "of jiwer's"), rows)


@bench.command()
def asr(
    engine: Annotated[
        list[str] | None,
        options.recognizer_option("--asr", help="Recognizer, may be repeated. \\[default: all installed]"),
    ] = None,
    samples: options.SamplesOption = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Maximum number of recordings.")] = 16,
    longest_s: Annotated[float | None, typer.Option(min=0.1, help="Cut each recording to this many seconds.")] = None,
    rounds: Annotated[int, typer.Option(min=1, max=1_000_000, help="Repetitions of each figure; the best counts.")] = 3,
    streams: Annotated[int, typer.Option(min=1, max=64, help="Number of concurrent streams for `RTF together`.")] = 2,
    full_size: Annotated[
        bool,
        typer.Option(
            "--full-size",
            help="Also time a full-size SenseVoice with random weights against a plain loop "
            "over funasr's AutoModel.generate. Needs the extra sensevoice and 1 GB of disk for a while.",
        ),
    ] = False,
    device: Annotated[str, typer.Option(help="Where --full-size runs: auto, cpu, cuda:0.")] = "auto",
) -> None:
    """Print load time, real-time factor (single, batched, several at once), processor time and peak memory of
    recognizers.

    Example: voicelab bench asr --asr moonshine --asr pocketsphinx
    """
    from voicelab.analysis.bench import asr as speeds

    recordings = options.load_set(samples, ref_column, id_column, speaker_column, audio_column)
    clips = speeds.clips_of(recordings, limit=limit, longest_s=longest_s)
    sound_s = sum(clip.duration_s for clip in clips)
    for name in engine or ():
        RECOGNIZERS.config(name)  # check all before the first one runs
    names = engine or [name for name, entry in RECOGNIZERS.entries.items() if entry.installed()]
    rows, left_out = [], []
    for name in names:
        try:
            rows.append(_row(speeds.measure(name, clips, rounds=rounds, streams=streams)))
        except EngineMissingError as error:
            if engine:
                raise
            left_out.append(str(error))
    if full_size:
        from voicelab.asr.sensevoice.random_weights import make_random_sensevoice

        with tempfile.TemporaryDirectory(prefix="voicelab-bench-") as folder:
            model = make_random_sensevoice(Path(folder) / "full-size")
            spec = f"sensevoice:model={model},device={device}"
            rows += _compared(speeds.measure(spec, clips, rounds=rounds, against_loop=True))
    title = f"{len(clips)} clips, {sound_s:.1f} s of sound, best of {rounds}, together: {streams} streams at once"
    columns = ("engine", "device", "load s", "RTF single", "RTF batched", "RTF together", "core s/s", "peak MiB")
    terminal.table(title, columns, rows, whole=("engine",))
    for sentence in left_out:
        terminal.warn(f"left out: {sentence}")


def _row(speed: Speed, name: str | None = None) -> tuple[str, ...]:
    rtf = (speed.single_rtf, speed.batched_rtf, speed.together_rtf, speed.core_s)
    numbers = (f"{speed.load_s:.1f}", *(terminal.number(one, ".4f") for one in rtf), f"{speed.peak_mib:.0f}")
    return (name or speed.engine, speed.device, *numbers)


def _compared(speed: Speed) -> list[tuple[str, ...]]:
    assert speed.loop_rtf is not None
    assert speed.batched_rtf is not None
    loop, single, batched = speed.loop_rtf, speed.single_rtf, speed.batched_rtf
    ratio = (f"{loop / single:.2f} x the loop", f"{loop / batched:.2f} x")
    return [
        ("AutoModel.generate, clip by clip", speed.device, "", f"{loop:.4f}", "-", "-", "", ""),
        _row(speed, "sensevoice, full size, random weights"),
        ("  voicelab's speed", "", "", *ratio, "", "", ""),
    ]
