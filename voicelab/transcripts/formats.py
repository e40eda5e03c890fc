"""The formats by name, and a reference file and a hypothesis file brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from voicelab.errors import InputError
from voicelab.transcripts import manifest, timed, trn
from voicelab.transcripts.base import Pair, Utterance

Format = Literal["trn", "stm", "jsonl", "csv"]
Missing = Literal["error", "deletions", "skip"]
FORMATS: tuple[str, ...] = get_args(Format)
MISSING: tuple[str, ...] = get_args(Missing)
_NAMED = 10


def pairs(
    reference: Path, hypothesis: Path, form: Format, *, missing: Missing = "error", id_type: str = "spu_id"
) -> list[Pair]:
    """Each reference with its hypothesis, in the order of the hypotheses (`stm`: of the segments).

    form "stm" takes a .ctm as hypotheses. missing: what becomes of references without a hypothesis. "error": an
    InputError that lists them; "deletions": all their words are deleted; "skip": they are left out, as sclite does.
    InputError too when a hypothesis has no reference.
    """
    if form == "stm":
        return _timed_pairs(reference, hypothesis, missing)
    if form == "trn":
        references, hypotheses = trn.read(reference, id_type), trn.read(hypothesis, id_type)
    else:
        references = manifest.read(reference, manifest.REFERENCE)
        hypotheses = manifest.read(hypothesis, manifest.HYPOTHESIS)
    return _matched(reference, references, hypothesis, hypotheses, missing)


def _matched(
    reference: Path,
    references: Sequence[Utterance],
    hypothesis: Path,
    hypotheses: Sequence[Utterance],
    missing: Missing,
) -> list[Pair]:
    texts = {one.id: one for one in references}
    if strangers := [one.id for one in hypotheses if one.id not in texts]:
        raise InputError(f"{hypothesis}: has {_listed(strangers, 'utterance')} that {reference} has not")
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
        pairs.append(Pair(one.id, speaker, mine.text, one.text))
    return pairs


def _timed_pairs(reference: Path, hypothesis: Path, missing: Missing) -> list[Pair]:
    segments, words = timed.read_stm(reference), timed.read_ctm(hypothesis)
    try:
        found, absent = timed.cut(segments, words)
    except InputError as error:
        raise InputError(f"{hypothesis}: {error}") from error
    if absent and missing == "error":
        raise InputError(_absent(hypothesis, absent, "channel", str(reference)))
    if absent and missing == "skip":
        kept = [segment for segment in segments if f"{segment.file} {segment.channel}" not in absent]
        found, _ = timed.cut(kept, words)
    return found


def _absent(hypothesis: Path, names: Sequence[str], kind: str, reference: str) -> str:
    return (
        f"{hypothesis}: has nothing for {_listed(names, kind)} of {reference}; "
        "--missing deletions counts their words as deleted, --missing skip leaves them out"
    )


def _listed(names: Sequence[str], kind: str) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} {kind}{'' if len(names) == 1 else 's'} ({', '.join(names[:_NAMED])}{more})"
