"""`voicelab score`: score transcript files against references, without a pipeline."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from voicelab.cli import options, terminal
from voicelab.cli.score_json import scores_document
from voicelab.cli.score_ranking import ranking_document, show_ranking
from voicelab.errors import InputError
from voicelab.text import NAMES

Form = Literal[
    "trn", "stm", "nlp", "jsonl", "csv", "tsv", "parquet", "kaldi", "librispeech", "folder", "txt", "voice_samples"
]
"""The formats of `datasets.transcripts.formats`, whose import would slow every command down."""
Missing = Literal["error", "deletions", "skip"]
IdType = Literal["spu_id", "rm", "swb", "wsj", "atis"]


def score(
    reference: Annotated[Path, typer.Argument(metavar="REF", help="The reference transcripts.", show_default=False)],
    hypotheses: Annotated[
        list[Path], typer.Argument(metavar="HYP...", help="The hypotheses; one file per system.", show_default=False)
    ],
    form: Annotated[
        Form | None, typer.Option("--format", help="The format of REF; stm takes a .ctm as HYP. \\[by REF's name]")
    ] = None,
    weights: Annotated[
        str, typer.Option(help="Costs of errors in the alignment: minimal (1 each), sclite (4:3:3), or SUB:INS:DEL.")
    ] = "minimal",
    normalizer: Annotated[
        str | None,
        typer.Option(help=f"{NAMES}, or all. \\[by --language; trn, stm: sclite; else by the script of REF]"),
    ] = None,
    language: options.LanguageOption = None,
    word_map: options.WordMapOption = None,
    missing: Annotated[
        Missing, typer.Option(help="References without a hypothesis: an error, deletions, or skipped (as in sclite).")
    ] = "error",
    ids: Annotated[IdType, typer.Option(help="How the ids of a .trn name the speaker, as in sclite's -i.")] = "spu_id",
    ref_column: options.RefColumnOption = None,
    hyp_column: Annotated[
        str | None, typer.Option(help="The column of the hypotheses. \\[pred_text, or text if it is the only one]")
    ] = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    norms: Annotated[
        Path | None, typer.Option(help="nlp: file or folder with the wordings of spans. \\[ID.norm.json beside REF]")
    ] = None,
    wer_tags: Annotated[
        Path | None, typer.Option(help="nlp: file or folder with entity classes. \\[ID.wer_tag.json beside REF]")
    ] = None,
    hyphens: Annotated[
        bool, typer.Option("--keep-hyphens", help="Keep hyphens within words, with any normalizer.")
    ] = False,
    literal_braces: Annotated[
        bool, typer.Option("--literal-braces", help="Treat braces in .trn and .stm as words, not as alternatives.")
    ] = False,
    fragments: Annotated[
        bool, typer.Option("--fragments", "-F", help="trn, stm: a fragment (won-) matches words with that beginning.")
    ] = False,
    optional: Annotated[
        bool, typer.Option("--optional", "-D", help="trn, stm: a word in parentheses may be omitted.")
    ] = False,
    align: Annotated[
        int, typer.Option(min=0, help="Print the alignments of this many utterances, those with the most errors first.")
    ] = 0,
    utterances: Annotated[
        Path | None, typer.Option(help="Write one row per utterance to this .csv or .jsonl file.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with all figures and alignments to this file.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print counts instead of percentages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Score transcripts against references and print NIST sclite's summary table.

    Each row has the percentages of correct, substituted, deleted and inserted words, all errors, and sentences with any
    error, by speaker and in total. Each WER has a 95 % interval; several systems are compared with paired tests. An
    empty hypothesis counts as deletions. --normalizer all ranks the systems under every normalizer and reports where
    the ranking changes.

    Examples: voicelab score ref.trn hyp.trn --weights sclite | voicelab score ref.stm hyp.ctm --json |
    voicelab score manifest.jsonl manifest.jsonl | voicelab score set.csv out.csv --hyp-column prediction |
    voicelab score ref.trn a.trn b.trn --normalizer all | voicelab score ref.trn a.trn b.trn --align 5 --html out.html
    """
    from voicelab.analysis.score_files import ALL, ScoreRules, TranscriptFiles, score_files
    from voicelab.analysis.score_page import write_score_page
    from voicelab.analysis.systems import compare_systems
    from voicelab.analysis.systems.utterances import write_utterances
    from voicelab.cli.score_output import show_scores
    from voicelab.datasets.columns import TranscriptColumns
    from voicelab.datasets.transcripts.formats import form_of

    if normalizer == ALL and (align or utterances is not None or html is not None):
        raise InputError("--align, --utterances and --html need one --normalizer instead of all")
    columns = TranscriptColumns(ref_column, id_column, speaker_column, audio_column, hyp_column)
    systems, chosen = tuple(hypotheses), form or form_of(reference)
    files = TranscriptFiles(reference, systems, chosen, missing, ids, columns, norms, wer_tags)
    mapped = options.word_map(word_map)
    rules = ScoreRules(weights, normalizer, language, mapped, hyphens, literal_braces, fragments, optional)
    found = score_files(files, rules)
    for notice in found.notices:
        terminal.warn(notice)
    if normalizer == ALL:
        ranking = ranking_document(str(reference), chosen, found.scores, found.notices)
        terminal.print_json(ranking) if as_json else show_ranking(found.scores)
        return
    only = {name: next(iter(by_rule.values())) for name, by_rule in found.scores.items()}
    pairs = compare_systems(only) if len(only) > 1 else []
    if utterances is not None:
        write_utterances(utterances, only)
    if html is not None:
        write_score_page(html, str(reference), chosen, only, pairs)
    if as_json:
        terminal.print_json(scores_document(str(reference), chosen, only, pairs, found.notices))
    else:
        show_scores(only, pairs, chosen, raw=raw, align=align)
