"""The options that say how texts are scored, shared by the commands that have them."""

from __future__ import annotations

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
        help="Language of the samples: en, zh, yue, ja, ko, hi, ... It chooses the normalizer, WER or CER, and the "
        "recognizer's own language option. \\[as the set says]",
    ),
]
WordMapOption = Annotated[
    Path | None,
    typer.Option("--word-map", help="Spellings that count as one: lines `from => to`, or a CSV with from,to."),
]


def word_map(path: Path | None) -> WordMap | None:
    """The word map of the option; InputError names the file and the line."""
    return WordMap.read(path) if path is not None else None
