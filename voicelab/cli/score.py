"""`voicelab score`: two transcript files against each other, without any pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from voicelab.cli import terminal
from voicelab.cli.column_options import AudioColumnOption, IdColumnOption, RefColumnOption, SpeakerColumnOption
from voicelab.cli.scoring_options import LanguageOption, WordMapOption
from voicelab.cli.scoring_options import word_map as read_word_map
from voicelab.text import NAMES

if TYPE_CHECKING:
    from voicelab.analysis.score_transcripts import Score

_Form = Literal[
    "trn", "stm", "nlp", "jsonl", "csv", "tsv", "parquet", "kaldi", "librispeech", "folder", "txt", "voice_samples"
]
_ALL = "all"


def score(
    reference: Annotated[Path, typer.Argument(metavar="REF", help="The reference transcripts.", show_default=False)],
    hypotheses: Annotated[
        list[Path], typer.Argument(metavar="HYP...", help="What was recognized; one file a system.", show_default=False)
    ],
    form: Annotated[
        _Form | None,
        typer.Option("--format", help="The format of REF; stm takes a .ctm as HYP. \\[by REF's name]"),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(help="Costs of errors in the alignment: minimal (1 each), sclite (4:3:3), or SUB:INS:DEL."),
    ] = "minimal",
    normalizer: Annotated[
        str | None,
        typer.Option(help=f"{NAMES}, or all. \\[by --language; trn, stm: sclite; else by the script of REF]"),
    ] = None,
    language: LanguageOption = None,
    word_map: WordMapOption = None,
    missing: Annotated[
        Literal["error", "deletions", "skip"],
        typer.Option(help="References without a hypothesis: an error, all words deleted, or (as sclite) left out."),
    ] = "error",
    ids: Annotated[
        Literal["spu_id", "rm", "swb", "wsj", "atis"],
        typer.Option(help="How an id in a .trn names its speaker, as sclite's -i."),
    ] = "spu_id",
    ref_column: RefColumnOption = None,
    hyp_column: Annotated[
        str | None, typer.Option(help="The column of the hypotheses. \\[pred_text, or text where it is the only one]")
    ] = None,
    id_column: IdColumnOption = None,
    speaker_column: SpeakerColumnOption = None,
    audio_column: AudioColumnOption = None,
    norms: Annotated[
        Path | None, typer.Option(help="nlp: the wordings of spans, or a folder of them. \\[ID.norm.json beside REF]")
    ] = None,
    wer_tags: Annotated[
        Path | None, typer.Option(help="nlp: the classes of entities, or a folder. \\[ID.wer_tag.json beside REF]")
    ] = None,
    hyphens: Annotated[
        bool, typer.Option("--keep-hyphens", help="Keep hyphens within words, whatever the normalizer does.")
    ] = False,
    literal_braces: Annotated[
        bool, typer.Option("--literal-braces", help="Take braces in .trn and .stm as words, not as alternatives.")
    ] = False,
    fragments: Annotated[
        bool, typer.Option("--fragments", "-F", help="trn, stm: a broken-off word (won-) matches those it begins.")
    ] = False,
    optional: Annotated[
        bool, typer.Option("--optional", "-D", help="trn, stm: a word in parentheses may be left out.")
    ] = False,
    align: Annotated[
        int, typer.Option(min=0, help="Print the alignments of this many utterances, those with most errors first.")
    ] = 0,
    utterances: Annotated[
        Path | None, typer.Option(help="Write a row for each utterance to this .csv or .jsonl file.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with all figures and alignments to this file.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Counts in the table instead of percentages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures alone, as JSON.")] = False,
) -> None:
    """Score transcripts against references and print what NIST sclite prints.

    A row: words correct, substituted, deleted, inserted, all errors, and sentences with any error, by speaker and in
    all. Each WER has a 95 % interval; several systems are compared by paired tests. An empty hypothesis is deletions.
    --normalizer all ranks the systems under every normalizer and shows where the ranking flips.

    Examples: voicelab score ref.trn hyp.trn --weights sclite | voicelab score ref.stm hyp.ctm --json |
    voicelab score manifest.jsonl manifest.jsonl | voicelab score set.csv out.csv --hyp-column prediction |
    voicelab score ref.trn a.trn b.trn --normalizer all |
    voicelab score ref.trn a.trn b.trn --align 5 --html scores.html
    """
    with terminal.errors():
        from voicelab.analysis.score_transcripts import ALTERNATIVES_IN, all_rules, rules_for, under_all
        from voicelab.analysis.score_transcripts import score as score_pairs
        from voicelab.datasets.columns import TranscriptColumns
        from voicelab.datasets.transcripts.formats import form_of, paired
        from voicelab.errors import InputError
        from voicelab.metrics.weights import weights_of
        from voicelab.text import keep_hyphens, misfit

        chosen = form or form_of(reference)
        columns = TranscriptColumns(ref_column, id_column, speaker_column, audio_column, hyp_column)
        names = [str(path) for path in hypotheses]
        if len(set(names)) < len(names):
            raise InputError("the same HYP is given twice; give each system once")
        cost, mapped = weights_of(weights), read_word_map(word_map)
        scores: dict[str, dict[str, Score]] = {}
        notices: dict[str, None] = {}
        if chosen != "nlp" and (norms is not None or wer_tags is not None):
            raise InputError(f"{reference}: --norms and --wer-tags are for .nlp files; leave them out")
        if (literal_braces or fragments or optional) and chosen not in ALTERNATIVES_IN:
            raise InputError(
                f"{reference}: --literal-braces, --fragments and --optional are for .trn and .stm; leave them out"
            )
        if normalizer == _ALL and (fragments or optional or hyphens):
            raise InputError("--fragments, --optional and --keep-hyphens need one --normalizer instead of all")
        for path in hypotheses:
            if chosen == "nlp":
                from voicelab.analysis.tagged import score_calls

                rules = all_rules(mapped)
                if normalizer != _ALL:
                    used = rules_for([], chosen, name=normalizer, language=language, word_map=mapped)
                    used = keep_hyphens(used) if hyphens else used
                    rules = {used.name: used}
                scores[str(path)] = {
                    name: score_calls(reference, path, rule, cost, norms=norms, tags=wer_tags)
                    for name, rule in rules.items()
                }
                continue
            pairing = paired(reference, path, chosen, missing=missing, id_type=ids, columns=columns)
            found = pairing.pairs
            if not found:
                raise InputError(f"{reference}: there are no utterances in it to score")
            notices |= dict.fromkeys(pairing.notices)
            alternatives = chosen in ALTERNATIVES_IN and not literal_braces
            if normalizer == _ALL:
                scores[str(path)] = under_all(found, cost, alternatives=alternatives, word_map=mapped)
                continue
            used = rules_for(found, chosen, name=normalizer, language=language, word_map=mapped)
            used = keep_hyphens(used) if hyphens else used
            if (warning := misfit(used, [pair.reference for pair in found])) is not None:
                notices[warning] = None
            scores[str(path)] = {
                used.name: score_pairs(
                    found, used, cost, alternatives=alternatives, fragments=fragments, optional=optional
                )
            }
        for notice in notices:
            terminal.warn(notice)
        if normalizer == _ALL:
            if align or utterances is not None or html is not None:
                raise InputError(
                    "--align, --utterances and --html show one normalizer; name it with --normalizer instead of all"
                )
            typer.echo(_ranking_json(str(reference), chosen, scores, [*notices])) if as_json else _show_ranking(scores)
            return
        from voicelab.cli.score_output import Output

        output = Output(str(reference), chosen, _only(scores))
        if utterances is not None:
            output.write_utterances(utterances)
        if html is not None:
            output.write_page(html)
        if as_json:
            typer.echo(output.json([*notices]))
        else:
            output.show(raw=raw, align=align)


def _only(scores: dict[str, dict[str, Score]]) -> dict[str, Score]:
    """The scores by the one normalizer that was used."""
    return {name: next(iter(by_rule.values())) for name, by_rule in scores.items()}


def _show_ranking(scores: dict[str, dict[str, Score]]) -> None:
    from voicelab.analysis.score_transcripts import flips

    rates = _rates(scores)
    rows = []
    for spelling, row in rates.items():
        version = next(iter(scores.values()))[spelling].normalizer.version
        order = sorted(row, key=lambda system: (row[system] is None, row[system]))
        shares = (f"{system} {_percent(row[system])}" for system in order)
        rows.append((f"{spelling} (version {version})", ", ".join(shares)))
    terminal.table("WER under every normalizer, the best system first", ("normalizer", "systems"), rows)
    if len(scores) > 1:
        found = flips(rates)
        for flip in found:
            one, other = flip.systems
            first, second = flip.normalizers
            better = one if (rates[first][one] or 0.0) < (rates[first][other] or 0.0) else other
            worse = other if better == one else one
            typer.echo(f"the ranking flips: {better} is better under {first}, {worse} under {second}")
        if not found:
            typer.echo("the ranking is the same under every normalizer")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _rates(scores: dict[str, dict[str, Score]]) -> dict[str, dict[str, float | None]]:
    spellings = next(iter(scores.values()))
    return {one: {system: row[one].total.words.wer for system, row in scores.items()} for one in spellings}


def _ranking_json(reference: str, form: str, scores: dict[str, dict[str, Score]], notices: list[str]) -> str:
    import json

    from voicelab.analysis.score_transcripts import flips
    from voicelab.cli.score_json import result

    document: dict[str, Any] = {"format_version": 1, "reference": reference, "format": form, "notices": notices}
    document["results"] = [result(system, one) for system, by_rule in scores.items() for one in by_rule.values()]
    document["flips"] = [{"systems": flip.systems, "normalizers": flip.normalizers} for flip in flips(_rates(scores))]
    return json.dumps(document, indent=2, ensure_ascii=False)
