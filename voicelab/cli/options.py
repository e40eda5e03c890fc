"""Options and arguments that several commands share: the set and its columns, the engines, the target, the rules."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.cli import completion
from voicelab.errors import InputError
from voicelab.text import NAMES, WordMap

if TYPE_CHECKING:
    from voicelab.datasets import SampleSet
    from voicelab.datasets.columns import SetColumns

# Options and arguments whose values the shell completes. Each takes the parameters of typer.Option or typer.Argument.
recognizer_option = partial(typer.Option, autocompletion=completion.recognizers)
agent_option = partial(typer.Option, autocompletion=completion.agents)
voice_option = partial(typer.Option, autocompletion=completion.voices)
target_option = partial(typer.Option, autocompletion=completion.targets)
target_argument = partial(typer.Argument, autocompletion=completion.targets)
set_option = partial(typer.Option, autocompletion=completion.sample_sets)
set_argument = partial(typer.Argument, autocompletion=completion.sample_sets)
run_option = partial(typer.Option, autocompletion=completion.run_folders)
run_argument = partial(typer.Argument, autocompletion=completion.run_folders)
figure_option = partial(typer.Option, autocompletion=completion.figures)
limit_option = partial(typer.Option, autocompletion=completion.limited_figures)

SET = "a sample set in any format of docs/reference/samples.md, or package.module:reader:path"

SamplesOption = Annotated[str | None, set_option("--samples", help=f"The set: {SET}. \\[default: the shipped set]")]
RefColumnOption = Annotated[
    str | None,
    typer.Option("--ref-column", help="The column of the references. \\[text, sentence, transcription, transcript]"),
]
IdColumnOption = Annotated[
    str | None, typer.Option("--id-column", help="The column of the ids. \\[id, else the recording's path]")
]
SpeakerColumnOption = Annotated[
    str | None, typer.Option("--speaker-column", help="The column of the speakers. \\[speaker, client_id, speaker_id]")
]
AudioColumnOption = Annotated[
    str | None,
    typer.Option("--audio-column", help="The column of the recordings. \\[audio_filepath, file_name, path, audio]"),
]
RecognizersOption = Annotated[
    list[str] | None,
    recognizer_option(
        "--asr", help="Recognizer: NAME or NAME:option=value,...; repeat it for one run each. \\[moonshine]"
    ),
]
RecognizerOption = Annotated[
    str | None, recognizer_option("--asr", help="Recognizer: NAME or NAME:option=value,... \\[moonshine]")
]
AgentOption = Annotated[str | None, agent_option("--agent", help="Agent, e.g. rules:threshold=0.85. \\[rules]")]
VoiceOption = Annotated[str | None, voice_option("--tts", help="Voice, e.g. espeak:voice=en-gb-x-rp. \\[piper]")]
TargetOption = Annotated[
    str | None, target_option("--target", help="Measure this agent: NAME:option=value,... or package.module:Class.")
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", help="Maximum number of samples, balanced over categories and speakers.")
]
CategoryOption = Annotated[
    list[str] | None, typer.Option("--category", help="Use only this category; may be repeated.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the bootstrap and of added noise, 0 or more.")]
ReplyRecognizerOption = Annotated[
    str | None,
    recognizer_option(
        "--reply-asr",
        help="Recognizer for replies of a target that sends no text for them; none leaves them without text. "
        "\\[default: moonshine]",
    ),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout-s", help="How long to wait for a server that sends nothing, in seconds.")
]
ReconnectOption = Annotated[
    float,
    typer.Option(
        "--reconnect-for-s", help="How long to try to reach a lost server, in seconds, before the run is interrupted."
    ),
]
FigureOption = Annotated[
    list[str] | None,
    typer.Option(help="Also compute this figure, package.module:OBJECT; may be repeated (docs/reference/figures.md)."),
]
RunArgument = Annotated[Path, run_argument(help="The folder of a run, reports/<run_id>.")]
NormalizerOption = Annotated[
    str | None,
    typer.Option("--normalizer", help=f"Normalizer: {NAMES}. \\[by language, else by the script of the texts]"),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language",
        help="Language of the samples: en, zh, yue, ja, ko, hi, ... It selects the normalizer, WER or CER, and the "
        "recognizer's language option. \\[the set's]",
    ),
]
WordMapOption = Annotated[
    Path | None,
    typer.Option("--word-map", help="Equivalent spellings: lines `from => to`, or a CSV with the columns from,to."),
]


def set_columns(*names: str | None, goes_with: bool = True) -> SetColumns | None:
    """The columns named by the options for reference, id, speaker and audio; None if none is given.

    goes_with: whether the command reads a set; if not, a named column raises InputError.
    """
    from voicelab.datasets.columns import SetColumns

    found = SetColumns(*names)
    if not found.options:
        return None
    if not goes_with:
        raise InputError(f"{found.options[0]} goes with --samples; leave it out for a run, which stores its columns")
    return found


def load_set(samples: Path | str | None, *columns: str | None) -> SampleSet:
    """Read a set, or the shipped one for None. columns: as for `set_columns`."""
    from voicelab.datasets import load
    from voicelab.paths import shipped

    return load(samples or shipped("voice_samples"), set_columns(*columns))


def texts_of(path: Path, limit: int | None) -> dict[str, str]:
    """The first texts of a file with one text per line, by their line; InputError if it has none."""
    from voicelab.datasets.text_files import numbered_lines

    said = {f"line {number}": line.strip() for number, line in numbered_lines(path)}
    if not said:
        raise InputError(f"{path}: contains no text")
    return dict(list(said.items())[:limit])


def word_map(path: Path | None) -> WordMap | None:
    """Read the word map; InputError names the file and the line."""
    return WordMap.read(path) if path is not None else None


def given(context: typer.Context) -> list[str]:
    """The parameters that were named on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def refuse_beside_resume(context: typer.Context, what: str, *allowed: str) -> None:
    """Raise InputError where --resume comes with an option that a run or sweep keeps itself."""
    if extra := [name for name in given(context) if name not in ("resume", *allowed)]:
        option = extra[0].strip("_").replace("_", "-")
        raise InputError(f"--resume uses the {what}'s own options; leave --{option} out")
