"""`voicelab roundtrip`: measure how intelligible a voice is to a recognizer."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicelab.asr.catalog import DEFAULT_RECOGNIZER
from voicelab.cli import options, terminal
from voicelab.errors import InputError
from voicelab.text import NAMES

if TYPE_CHECKING:
    from voicelab.analysis.roundtrip import ReplyUtterance, RoundTrip, RoundTripFigure
    from voicelab.datasets import SampleSet


def roundtrip(
    run: Annotated[
        Path | None, options.run_argument(help="The folder of a run: its replies are transcribed.", show_default=False)
    ] = None,
    tts: Annotated[
        list[str] | None,
        options.voice_option(help="Without a run: a voice that speaks --texts or --samples; may be repeated."),
    ] = None,
    texts: Annotated[Path | None, typer.Option(help="The texts: a text file with one text per line.")] = None,
    samples: Annotated[Path | None, options.set_option(help="The texts: those of this sample set.")] = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    with_recordings: Annotated[
        bool, typer.Option("--recordings", help="Also transcribe the recordings of --samples, or of the run's set.")
    ] = False,
    asr: Annotated[
        str, options.recognizer_option(help="The recognizer that transcribes the speech.")
    ] = DEFAULT_RECOGNIZER,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of texts.")] = None,
    normalizer: Annotated[str, typer.Option(help=f"Normalizer: {NAMES}.")] = "english",
    word_map: options.WordMapOption = None,
    worst: Annotated[int, typer.Option(min=0, help="Number of worst texts to list.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Transcribe synthesized speech with a recognizer and print its WER and CER against the text.

    The figures include the recognizer's own errors, so they are an upper bound for the voice. --recordings also
    transcribes the set's recordings with the same recognizer, for comparison.

    Examples: voicelab roundtrip reports/RUN | voicelab roundtrip --tts piper --tts espeak:voice=en-gb-x-rp --samples
    data/voice_samples --recordings | voicelab roundtrip --tts piper:model=voice.onnx --texts lines.txt
    """
    with terminal.progress_bar("texts") as progress:
        from voicelab.analysis.roundtrip import RECORDINGS, recordings, round_trip
        from voicelab.datasets import load

        if (run is None) == (not tts):
            raise InputError("name either a run or a voice with --tts")
        if run is not None and (texts or samples):
            raise InputError("--texts and --samples go with --tts; leave them out for a run, which has its replies")
        if tts and bool(texts) == bool(samples):
            raise InputError("--tts needs texts: give either --texts FILE or --samples SET")
        if with_recordings and texts:
            raise InputError("--recordings needs a set; give --samples instead of --texts")
        columns = options.set_columns(
            ref_column, id_column, speaker_column, audio_column, goes_with=samples is not None
        )
        source = load(samples, columns).only(limit=limit) if samples is not None else None
        utterances, voices, source = _of_run(run, limit) if run else _of_voices(tts or [], texts, source, limit)
        if with_recordings:
            if source is None:
                raise InputError("--recordings: the run's samples were moved or have changed; leave it out")
            utterances += recordings(source)
            voices[RECORDINGS] = str(source.path)
        result = round_trip(
            utterances, voices, asr, rules=normalizer, word_map=options.word_map(word_map),
            progress=progress,
        )  # fmt: skip
    if as_json:
        terminal.print_json(_document(result))
    else:
        _show(result, worst)


def _of_run(run: Path, limit: int | None) -> tuple[list[ReplyUtterance], dict[str, str], SampleSet | None]:
    from voicelab.analysis.roundtrip import replies
    from voicelab.runs.records import RunFolder
    from voicelab.scoring import inputs

    folder = RunFolder(run)
    found, name, used = replies(folder)
    samples = inputs.sample_set(folder.read())
    return found[:limit], {name: used}, samples.only(limit=limit) if samples is not None else None


def _of_voices(
    tts: list[str], texts: Path | None, source: SampleSet | None, limit: int | None
) -> tuple[list[ReplyUtterance], dict[str, str], SampleSet | None]:
    from voicelab.analysis.roundtrip import spoken
    from voicelab.tts.catalog import VOICES

    if len(set(tts)) < len(tts):
        raise InputError("a voice is given twice; name each once")
    for name in tts:
        VOICES.config(name)  # check all before the first one speaks
    said = options.texts_of(texts, limit) if texts is not None else {}
    if source is not None:
        said = {sample.id: sample.text for sample in source.spoken}
    utterances, voices = [], {}
    for name in tts:
        found, voices[name] = spoken(name, said)
        utterances += found
    return utterances, voices, source


def _show(result: RoundTrip, worst: int) -> None:
    for name, used in result.voices.items():
        terminal.echo(f"{name}: {used}")
    terminal.echo(f"transcribed by {result.recognizer}; normalizer {result.normalizer.label}")
    rows = [
        (name, str(len(result.of(name))), _text(result.wer(name)), _text(result.cer(name)), _text(result.wrong(name)))
        for name in result.voices
    ]
    columns = ("voice", "texts", "WER, %", "CER, %", "texts with an error, %")
    terminal.table("round trip, with 95 % intervals by text; includes the recognizer's errors", columns, rows)
    listed = [
        (
            f"{one.words.errors} of {one.words.reference_words}",
            f"{one.id}, {one.voice}\n{one.text}\n{one.heard or '(nothing)'}",
        )
        for one in result.worst(worst)
    ]
    if listed:
        terminal.table("the worst", ("wrong", "text and transcript"), listed)


def _text(figure: RoundTripFigure) -> str:
    if figure.value is None:
        return "-"
    sure = figure.interval
    return f"{100 * figure.value:.1f}" + (f" [{100 * sure.low:.1f}, {100 * sure.high:.1f}]" if sure else "")


def _document(result: RoundTrip) -> dict[str, Any]:
    from voicelab.analysis.score_transcripts import rule
    from voicelab.runs.provenance import code_state, packages

    def figure(found: RoundTripFigure) -> dict[str, object]:
        return {"value": found.value, "interval": asdict(found.interval) if found.interval else None}

    return {
        "format_version": 1,
        "recognizer": result.recognizer,
        "normalizer": rule(result.normalizer),
        "code": code_state().model_dump(),
        "packages": packages(),
        "voices": {
            name: {"used": used, "texts": len(result.of(name)), "wer": figure(result.wer(name)),
                   "cer": figure(result.cer(name)), "texts_with_an_error": figure(result.wrong(name))}
            for name, used in result.voices.items()
        },
        "utterances": [
            {"voice": one.voice, "id": one.id, "text": one.text, "heard": one.heard, "errors": one.words.errors,
             "words": one.words.reference_words}
            for one in result.heard
        ],
    }  # fmt: skip
