"""`voicelab cross`: estimate which recognizer gains from which voice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.cli import options, terminal
from voicelab.engines.spec import Catalog
from voicelab.text import NAMES, mapped_normalizer

if TYPE_CHECKING:
    from voicelab.analysis.cross.record import CrossedPair, CrossResult
    from voicelab.scoring.schema import Measured


def cross(
    samples: Annotated[Path, options.set_argument(help="The sample set whose texts are spoken.")],
    tts: Annotated[list[str], options.voice_option(help="Voices: NAME,NAME; or repeat the option.")],
    asr: Annotated[list[str], options.recognizer_option(help="Recognizers: NAME,NAME; or repeat the option.")],
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of samples.")] = None,
    normalizer: Annotated[str, typer.Option(help=f"Normalizer: {NAMES}.")] = "english",
    word_map: options.WordMapOption = None,
    out: Annotated[Path | None, typer.Option(help="The folder of the result. \\[default: reports/TIME-cross]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Synthesize the texts of a set with every voice, transcribe them with every recognizer, and estimate interactions.

    The interaction is a pair's WER minus the main effects of its voice and its recognizer. Below 0, the recognizer
    gains from the voice. Intervals are by text. All engines are loaded at once. Ctrl-C ends early and keeps the results
    so far.

    Example: voicelab cross --tts piper,espeak --asr pocketsphinx,faster-whisper data/voice_samples
    """
    with terminal.progress_bar("hearings") as progress:
        from voicelab.analysis.cross import crossing
        from voicelab.runs.records import now
        from voicelab.tts.catalog import VOICES

        folder = out if out is not None else Path("reports") / f"{now():%Y%m%d-%H%M%S}-cross"
        mapped = options.word_map(word_map)
        whole = options.load_set(samples, ref_column, id_column, speaker_column, audio_column)
        result = crossing.cross(
            whole.only(limit=limit), _names(tts, VOICES), _names(asr, RECOGNIZERS), folder,
            mapped_normalizer(normalizer, mapped), progress=progress,
        )  # fmt: skip
    if as_json:
        terminal.echo(result.model_dump_json(indent=2))
    else:
        _show(result, folder)
    if result.status == "stopped":
        terminal.fail(f"stopped; the result covers {result.sentences} of {result.planned} texts", terminal.INTERRUPTED)


def _names(given: Sequence[str], catalog: Catalog) -> list[str]:
    """Split `a,b:x=1,y=2` into [`a`, `b:x=1,y=2`]: only a comma before an engine's name separates engines."""
    found: list[str] = []
    for text in given:
        first = True
        for part in text.split(","):
            name = part.partition(":")[0].strip()
            if first or ("=" not in name and (name in catalog.entries or "=" not in part)):
                found.append(part.strip())
            else:
                found[-1] += f",{part.strip()}"
            first = False
    return found


def _show(result: CrossResult, folder: Path) -> None:
    columns = ("voice", "recognizer", "WER, %", "interaction, points", "")
    title = f"{result.sentences} texts, each in {len(result.pairs)} pairs; 95 % intervals by text"
    terminal.table(title, columns, map(_row, result.pairs), whole=("voice", "recognizer"))
    terminal.echo(f"result: {folder}")


def _row(pair: CrossedPair) -> tuple[str, ...]:
    from voicelab.analysis.cross.plot import percent, points

    interaction = pair.interaction.value or 0.0
    verdict = ("gains" if interaction < 0 else "loses") if pair.certain else ""
    wer = f"{percent(pair.wer.value)}{_interval(pair.wer)}"
    beyond = f"{points(pair.interaction.value)}{_interval(pair.interaction)}"
    return pair.voice, pair.recognizer, wer, beyond, verdict


def _interval(figure: Measured) -> str:
    found = figure.interval
    return f" [{100 * found.low:.1f}, {100 * found.high:.1f}]" if found is not None else ""
