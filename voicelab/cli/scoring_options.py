"""Shared options for scoring texts."""

from pathlib import Path
from typing import Annotated

import typer

from voicelab.text import NAMES, WordMap

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


def word_map(path: Path | None) -> WordMap | None:
    """Read the word map; InputError names the file and the line."""
    return WordMap.read(path) if path is not None else None
