"""The table of transcript formats, and the pairing of references with hypotheses."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from voicelab.datasets import formats as tables
from voicelab.datasets.columns import OPTIONS, TranscriptColumns
from voicelab.datasets.text_files import numbered_lines
from voicelab.datasets.transcripts import manifest, timed, trn
from voicelab.datasets.transcripts.base import TranscriptLine, UtterancePair
from voicelab.datasets.transcripts.manifest import TableSide
from voicelab.errors import InputError
from voicelab.text.invisible import without_invisible
from voicelab.text.plural import counted, listed

Format = Literal[
    "trn", "stm", "nlp", "jsonl", "csv", "tsv", "parquet", "kaldi", "librispeech", "folder", "txt", "voice_samples"
]
Missing = Literal["error", "deletions", "skip"]
FORMATS: tuple[str, ...] = get_args(Format)
MISSING: tuple[str, ...] = get_args(Missing)


@dataclass(frozen=True, slots=True)
class Pairing:
    """References with their hypotheses, and notices about skipped entries."""

    pairs: tuple[UtterancePair, ...]
    notices: tuple[str, ...] = ()


def form_of(reference: Path) -> Format:
    """Return the format of a file or folder by its name. Raises InputError when the name is ambiguous."""
    if reference.is_dir() and any(reference.glob("*.nlp")):
        return "nlp"
    if reference.suffix.lower() in (".trn", ".stm", ".nlp"):
        return cast("Format", reference.suffix.lower()[1:])
    found = tables.find(reference)
    if found is None:
        raise InputError(f"{reference}: choose its format with --format {' | '.join(FORMATS)}")
    if found[1] == "txt" and _looks_like_trn(reference):
        raise InputError(
            f"{reference}: every line ends in (an id), as in a .trn; choose its format with --format trn | txt"
        )
    return found[1]


def _looks_like_trn(path: Path) -> bool:
    lines = [line for _, line in numbered_lines(path)]
    return bool(lines) and all(re.search(r"\(\S+\)\s*$", line) for line in lines)


def paired(
    reference: Path,
    hypothesis: Path,
    form: Format,
    *,
    missing: Missing = "error",
    id_type: str = "spu_id",
    columns: TranscriptColumns | None = None,
) -> Pairing:
    """Pair each reference with its hypothesis, in the order of the hypotheses (`stm`: of the segments).

    form: "stm" expects a .ctm as hypotheses; tables may differ in format. missing: handling of references without a
    hypothesis. "error" raises InputError, which lists them; "deletions" counts all their words as deleted; "skip"
    leaves them out, like sclite. columns: non-default column names.

    Raises InputError when a hypothesis has no reference, and when the hypotheses are a copy of the references.
    """
    columns = columns or TranscriptColumns()
    if form in ("trn", "stm", "nlp"):
        if columns.options:
            raise InputError(f"{reference}: a .{form} file has no columns; omit the --...-column options")
        if reference.exists() and hypothesis.exists() and reference.samefile(hypothesis):
            raise InputError(f"{hypothesis}: REF and HYP are the same file; give the hypotheses as HYP")
    if form == "stm":
        return _timed_pairs(reference, hypothesis, missing)
    if form == "nlp":
        raise InputError(f"{reference}: .nlp transcripts are scored by voicelab.analysis.tagged.score_calls")
    if form == "trn":
        references, hypotheses = trn.read(reference, id_type), trn.read(hypothesis, id_type)
        return Pairing(tuple(_matched(reference, references, hypothesis, hypotheses, missing)))
    return _table_pairs(reference, hypothesis, form, missing, columns)


def _table_pairs(
    reference: Path, hypothesis: Path, form: tables.Form, missing: Missing, columns: TranscriptColumns
) -> Pairing:
    mine = manifest.reference_side(manifest.read_rows(reference, form), columns)
    other = manifest.hypothesis_side(manifest.read_rows(hypothesis, _form_of_hypotheses(hypothesis, form)), columns)
    if other.text == mine.text and reference.samefile(hypothesis):
        raise InputError(
            f"{hypothesis}: REF and HYP are the same file, which has no column {manifest.HYPOTHESIS!r}; its columns: "
            f"{other.table.listed()}; add the hypotheses, or name their column with --hyp-column"
        )
    for name, sides, option in (
        (columns.speaker, (mine.speaker, other.speaker), OPTIONS["speaker"]),
        (columns.audio, (mine.audio, other.audio), OPTIONS["audio"]),
    ):
        if name is not None and sides == (None, None):
            raise InputError(
                f"{reference}: has no column {name!r}; its columns: {mine.table.listed()}; name one with {option}"
            )
    _refuse_places(mine, other)
    depth = max(mine.depth, other.depth)
    references, hypotheses = mine.utterances(depth), other.utterances(depth)
    mine.refuse_missing(references, hypotheses, "remove the row")
    other.refuse_missing(hypotheses, references, "leave it empty for an utterance without words")
    found = _matched(reference, references, hypothesis, hypotheses, missing)
    notices = [*dict.fromkeys((*mine.table.notices, *other.table.notices))]
    if other.copied and found and all(pair.reference == pair.hypothesis for pair in found):
        notices.append(
            f"{hypothesis}: every {other.text!r} equals its reference; if this is a copy of the references, give the "
            "hypotheses, or name their column with --hyp-column"
        )
    return Pairing(tuple(found), tuple(notices))


def _form_of_hypotheses(hypothesis: Path, form: tables.Form) -> tables.Form:
    """Return the format of HYP by its name; for .txt and unknown names, the format of REF."""
    found = tables.find(hypothesis)
    return form if found is None or (found[1] == "txt" and form == "kaldi") else found[1]


def _refuse_places(mine: TableSide, other: TableSide) -> None:
    """Raise InputError when utterances are matched by position and rows may be missing."""
    if not mine.placed and not other.placed:
        return
    sizes = len(mine.table.rows), len(other.table.rows)
    if mine.placed and other.placed and sizes[0] == sizes[1]:
        return
    if mine.placed and other.placed:
        raise InputError(
            f"{other.table.path}: has {sizes[1]} rows, but {mine.table.path} has {sizes[0]}; rows without ids "
            "cannot be matched: give each row an `id` in both files"
        )
    if not sizes[0] or not sizes[1]:
        return
    without = mine if mine.placed else other
    raise InputError(
        f"{without.table.path}: its rows have no ids, unlike the other file; give each an `id`, or name "
        f"its column with --id-column; its columns: {without.table.listed()}"
    )


def _matched(
    reference: Path,
    references: Sequence[TranscriptLine],
    hypothesis: Path,
    hypotheses: Sequence[TranscriptLine],
    missing: Missing,
) -> list[UtterancePair]:
    texts = {one.id: one for one in references}
    if strangers := [one.id for one in hypotheses if one.id not in texts]:
        alike = {_looks(name) for name in texts}
        hint = "; ids that look the same differ in invisible characters or in the form of their accents (Unicode NFC)"
        raise InputError(
            f"{hypothesis}: has {_listed(strangers, 'utterance')} that {reference} lacks"
            + (hint if any(_looks(name) in alike for name in strangers) else "")
        )
    heard = {one.id for one in hypotheses}
    absent = [one for one in references if one.id not in heard]
    if absent and missing == "error":
        raise InputError(_absent(hypothesis, [one.id for one in absent], "utterance", str(reference)))
    if missing == "deletions":
        hypotheses = [*hypotheses, *(replace(one, text="") for one in absent)]
    pairs = []
    for one in hypotheses:
        mine = texts[one.id]
        speaker = mine.speaker or one.speaker or "all"
        pairs.append(UtterancePair(one.id, speaker, mine.text, one.text))
    return pairs


def _looks(name: str) -> str:
    """An id as it is displayed."""
    return " ".join(without_invisible(unicodedata.normalize("NFKC", name)).split())


def _timed_pairs(reference: Path, hypothesis: Path, missing: Missing) -> Pairing:
    segments, words = timed.read_stm(reference), timed.read_ctm(hypothesis)
    notices = [*timed.disorder(reference, segments), *timed.disorder(hypothesis, words)]
    try:
        found, absent = timed.cut(segments, words)
    except InputError as error:
        raise InputError(f"{hypothesis}: {error}") from error
    if absent and missing == "error":
        raise InputError(_absent(hypothesis, absent, "channel", str(reference)))
    if absent and missing == "skip":
        kept = [segment for segment in segments if f"{segment.file} {segment.channel}" not in absent]
        found, _ = timed.cut(kept, words)
    return Pairing(tuple(found), tuple(notices))


def _absent(hypothesis: Path, names: Sequence[str], kind: str, reference: str) -> str:
    return (
        f"{hypothesis}: has no entry for {_listed(names, kind)} of {reference}; "
        "--missing deletions counts their words as deleted, --missing skip leaves them out"
    )


def _listed(names: Sequence[str], kind: str) -> str:
    return f"{counted(len(names), kind)} ({listed(names, most=10)})"
