"""`voicelab bench tts`: speed, memory and time to first audio of voices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.errors import EngineMissingError

if TYPE_CHECKING:
    from voicelab.analysis.bench.tts import VoiceSpeed

_COLUMNS = ("voice", "load s", "RTF", "peak MiB", "first sound s, p50", "p95")
_CUT_COLUMNS = ("voice", "in two parts", "if whole s, p50", "p95", "pause s", "pause if whole s", "gaps")


def tts(
    voice: Annotated[
        list[str] | None, options.voice_option("--tts", help="Voice; may be repeated. \\[default: all installed]")
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help="The texts: a file with one text per line. \\[default: the rules agent's replies]"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Maximum number of texts; p95 needs 20.")] = 24,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Repetitions of each figure; the best counts.")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Print load time, real-time factor, memory and time to first audio of voices, on the same texts.

    A voice that speaks a long first sentence in two parts is also timed on the whole sentence, and the pause between
    the parts is shown beside the longest pause of the whole sentence. Gaps: replies whose second part would be late.

    Example: voicelab bench tts --tts piper --tts espeak
    """
    with terminal.progress_bar("voices") as progress:
        from voicelab.analysis.bench import tts as speeds
        from voicelab.tts.catalog import VOICES

        for name in voice or ():
            VOICES.config(name)  # check all before the first one runs
        if texts is not None:
            said = list(options.texts_of(texts, limit).values())
        else:
            said = speeds.replies_to(options.load_set(None), limit)
        names = voice or [name for name, entry in VOICES.entries.items() if entry.installed()]
        found, left_out = [], []
        for number, name in enumerate(names, start=1):
            try:
                found.append(speeds.measure(name, said, rounds=rounds))
            except EngineMissingError as error:
                if voice:
                    raise
                left_out.append(str(error))
            progress(number, len(names))
    if as_json:
        terminal.print_json([_figures(speed) for speed in found])
    else:
        terminal.table(f"{len(said)} texts, best of {rounds}", _COLUMNS, map(_row, found), whole=("voice",))
        if cut := [_cut_row(speed) for speed in found if speed.cut]:
            title = "first sentences spoken in two parts: first sound and pause, beside the sentence spoken whole"
            terminal.table(title, _CUT_COLUMNS, cut, whole=("voice",))
    for sentence in left_out:
        terminal.warn(f"left out: {sentence}")


def _row(speed: VoiceSpeed) -> tuple[str, ...]:
    first, numbers = speed.first_sound(), (f"{speed.load_s:.2f}", f"{speed.rtf:.4f}", f"{speed.peak_mib:.0f}")
    return speed.voice, *numbers, _seconds(first.p50_s), _seconds(first.p95_s)


def _cut_row(speed: VoiceSpeed) -> tuple[str, ...]:
    whole, pauses = speed.whole_sound(), [_seconds(speed.pause_s(whole=whole)) for whole in (False, True)]
    cut = f"{speed.cut} of {len(speed.first)}"
    return speed.voice, cut, _seconds(whole.p50_s), _seconds(whole.p95_s), *pauses, str(speed.gaps)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _figures(speed: VoiceSpeed) -> dict[str, object]:
    first, whole = speed.first_sound(), speed.whole_sound()
    return {
        "voice": speed.voice, "revision": speed.revision, "load_s": speed.load_s, "rtf": speed.rtf,
        "peak_mib": speed.peak_mib, "texts": len(speed.first), "cut": speed.cut, "gaps": speed.gaps,
        "first_sound_p50_s": first.p50_s, "first_sound_p95_s": first.p95_s,
        "whole_first_sound_p50_s": whole.p50_s, "whole_first_sound_p95_s": whole.p95_s,
        "pause_s": speed.pause_s(whole=False), "pause_if_whole_s": speed.pause_s(whole=True),
    }  # fmt: skip
