"""sclite's transcript file, `.trn`: a line is the text, then the utterance's id in parentheses at its end.

    hello { there / their } (anna_0001)

Lines that begin with `;;` or `**` are comments. The id is what stands between the last `(` and the last `)`. Ids are
compared whatever their case, as sclite does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from voicelab.datasets.text_files import numbered_lines
from voicelab.datasets.transcripts.base import Utterance, refuse_doubles, write_lines
from voicelab.errors import InputError

ID_TYPES = ("spu_id", "rm", "swb", "wsj", "atis")


def speaker_of(utterance_id: str, id_type: str = "spu_id") -> str:
    """The speaker that an id names, as sclite's `-i` reads it.

    wsj, atis: its first three letters. The others: what stands before its first hyphen or, if it has none, before its
    first underscore; an id with neither (which sclite refuses) is a speaker of its own.
    """
    if id_type not in ID_TYPES:
        raise InputError(f"unknown type of id {id_type!r}; known: {', '.join(ID_TYPES)}")
    if id_type in ("wsj", "atis"):
        return utterance_id[:3]
    for mark in "-_":
        if mark in utterance_id:
            return utterance_id[: utterance_id.index(mark)]
    return utterance_id


def read(path: Path, id_type: str = "spu_id") -> list[Utterance]:
    """The utterances of a .trn file; InputError names the file and the line."""
    found = []
    for number, line in numbered_lines(path):
        if line.startswith((";;", "**")):
            continue
        opened, closed = line.rfind("("), line.rfind(")")
        if opened < 0 or closed < opened or not line[opened + 1 : closed].strip():
            raise InputError(f"{path}: line {number}: no id at the end; a line is: the text, then (speaker_utterance)")
        if line[closed + 1 :].strip():
            raise InputError(f"{path}: line {number}: there is text after the id {line[opened : closed + 1]}")
        name = line[opened + 1 : closed].strip().lower()
        found.append(Utterance(name, line[:opened].strip(), speaker_of(name, id_type), number))
    refuse_doubles(path, found)
    return found


def write(path: Path, utterances: Iterable[Utterance]) -> None:
    """Write a .trn file; InputError for what a line of it cannot hold."""
    write_lines(path, (_line(path, utterance) for utterance in utterances))


def _line(path: Path, utterance: Utterance) -> str:
    if set(utterance.id) & set("()\n\r"):
        raise InputError(f"{path}: id {utterance.id!r}: an id in a .trn file holds no parentheses and no line break")
    if utterance.text.startswith((";;", "**")):
        raise InputError(f"{path}: id {utterance.id!r}: a text that begins with ;; or ** would be read as a comment")
    return f"{' '.join(utterance.text.split())} ({utterance.id})".lstrip()
