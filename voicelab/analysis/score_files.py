"""Score the hypothesis files of several systems against a reference file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicelab import text
from voicelab.analysis.score_transcripts import Score, score
from voicelab.analysis.tagged import score_calls
from voicelab.datasets.columns import TranscriptColumns
from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.datasets.transcripts.formats import Format, Missing, paired
from voicelab.errors import InputError
from voicelab.metrics.weights import weights_of
from voicelab.text import Normalizer, WordMap

ALL = "all"
"""Selects every normalizer instead of one."""
_ALTERNATIVES_IN = ("trn", "stm")
"""Formats in which braces mark alternatives."""
_SCLITE_IN = ("trn", "stm", "nlp")
"""NIST's formats, whose default normalizer is sclite's."""


@dataclass(frozen=True, slots=True)
class TranscriptFiles:
    """The files to score. id_type: how a .trn names speakers. norms, tags: for .nlp files, as for `read_call`."""

    reference: Path
    hypotheses: tuple[Path, ...]
    form: Format
    missing: Missing = "error"
    id_type: str = "spu_id"
    columns: TranscriptColumns | None = None
    norms: Path | None = None
    tags: Path | None = None


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """The rules for comparing texts.

    weights: as for `weights_of`. normalizer: a name, ALL, or None: by language, format or script. literal_braces:
    braces are words. fragments, optional: as for `score`.
    """

    weights: str = "minimal"
    normalizer: str | None = None
    language: str | None = None
    word_map: WordMap | None = None
    hyphens: bool = False
    literal_braces: bool = False
    fragments: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ScoredFiles:
    """scores: by hypothesis file, then by normalizer name. notices: without duplicates, in order."""

    scores: Mapping[str, Mapping[str, Score]]
    notices: tuple[str, ...]


def score_files(files: TranscriptFiles, rules: ScoreRules) -> ScoredFiles:
    """Score each file of hypotheses.

    Raises InputError for options that do not fit the format or each other, and for files that cannot be read or paired.
    """
    _check(files, rules)
    scores, notices = {}, dict[str, None]()
    for path in files.hypotheses:
        if files.form == "nlp":
            scores[str(path)] = _tagged(files, path, rules)
        else:
            scores[str(path)], found = _untagged(files, path, rules)
            notices |= dict.fromkeys(found)
    return ScoredFiles(scores, tuple(notices))


def _check(files: TranscriptFiles, rules: ScoreRules) -> None:
    if len(set(files.hypotheses)) < len(files.hypotheses):
        raise InputError("the same HYP is given twice; give each system once")
    if files.form != "nlp" and (files.norms is not None or files.tags is not None):
        raise InputError(f"{files.reference}: --norms and --wer-tags are for .nlp files; leave them out")
    if (rules.literal_braces or rules.fragments or rules.optional) and files.form not in _ALTERNATIVES_IN:
        raise InputError(
            f"{files.reference}: --literal-braces, --fragments and --optional are for .trn and .stm; leave them out"
        )
    if rules.normalizer == ALL and (rules.fragments or rules.optional or rules.hyphens):
        raise InputError("--fragments, --optional and --keep-hyphens need one --normalizer instead of all")


def _normalizers(files: TranscriptFiles, rules: ScoreRules, pairs: Sequence[UtterancePair]) -> dict[str, Normalizer]:
    """Every normalizer by name, or one: the named one, else by the language, the format, or the references' script.

    Raises InputError for an unknown name or language.
    """
    if rules.normalizer == ALL:
        return {name: text.mapped_normalizer(name, rules.word_map) for name in text.NORMALIZERS}
    chosen = rules.normalizer
    if not chosen and rules.language is not None:
        chosen = text.language(rules.language).normalizer
    elif not chosen and files.form in _SCLITE_IN:
        chosen = "sclite"
    used = text.mapped_normalizer(chosen or text.normalizer_for(pair.reference for pair in pairs)[0], rules.word_map)
    used = text.keep_hyphens(used) if rules.hyphens else used
    return {used.name: used}


def _tagged(files: TranscriptFiles, path: Path, rules: ScoreRules) -> dict[str, Score]:
    chosen, weights = _normalizers(files, rules, []), weights_of(rules.weights)
    return {
        name: score_calls(files.reference, path, used, weights, norms=files.norms, tags=files.tags)
        for name, used in chosen.items()
    }


def _untagged(files: TranscriptFiles, path: Path, rules: ScoreRules) -> tuple[dict[str, Score], list[str]]:
    """Return the scores by normalizer name, and the notices."""
    pairing = paired(
        files.reference, path, files.form, missing=files.missing, id_type=files.id_type, columns=files.columns
    )
    pairs, notices, weights = pairing.pairs, list(pairing.notices), weights_of(rules.weights)
    if not pairs:
        raise InputError(f"{files.reference}: contains no utterances to score")
    chosen = _normalizers(files, rules, pairs)
    if rules.normalizer != ALL:
        references = [pair.reference for pair in pairs]
        other_script = text.heard_in_another_script(references, [pair.hypothesis for pair in pairs])
        notices += filter(None, (*(text.misfit(used, references) for used in chosen.values()), other_script))
    alternatives = files.form in _ALTERNATIVES_IN and not rules.literal_braces
    return {
        name: score(pairs, used, weights, alternatives=alternatives, fragments=rules.fragments, optional=rules.optional)
        for name, used in chosen.items()
    }, notices
