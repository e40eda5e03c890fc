"""The options of `voicelab score` for the kind of its files and their alignment."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from voicelab.text import NAMES

Form = Literal[
    "trn", "stm", "nlp", "jsonl", "csv", "tsv", "parquet", "kaldi", "librispeech", "folder", "txt", "voice_samples"
]
"""The formats of `datasets.transcripts.formats`, whose import would slow every command down."""

FormOption = Annotated[
    Form | None, typer.Option("--format", help="The format of REF; stm takes a .ctm as HYP. \\[by REF's name]")
]
WeightsOption = Annotated[
    str, typer.Option(help="Costs of errors in the alignment: minimal (1 each), sclite (4:3:3), or SUB:INS:DEL.")
]
NormalizerOrAllOption = Annotated[
    str | None, typer.Option(help=f"{NAMES}, or all. \\[by --language; trn, stm: sclite; else by the script of REF]")
]
MissingOption = Annotated[
    Literal["error", "deletions", "skip"],
    typer.Option(help="References without a hypothesis: an error, deletions, or skipped (as in sclite)."),
]
IdsOption = Annotated[
    Literal["spu_id", "rm", "swb", "wsj", "atis"],
    typer.Option(help="How the ids of a .trn name the speaker, as in sclite's -i."),
]
NormsOption = Annotated[
    Path | None, typer.Option(help="nlp: file or folder with the wordings of spans. \\[ID.norm.json beside REF]")
]
TagsOption = Annotated[
    Path | None, typer.Option(help="nlp: file or folder with entity classes. \\[ID.wer_tag.json beside REF]")
]
