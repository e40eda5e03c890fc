"""sclite's `.trn` transcripts: each line is a text followed by the utterance's id in parentheses.

hello { there / their } (anna_0001)

Lines that start with `;;` or `**` are comments. The id is the text between the last `(` and the last `)`. Ids are not
case-sensitive, as in sclite.
"""

from pathlib import Path

from voicelab.datasets.text_files import numbered_lines
from voicelab.datasets.transcripts.base import TranscriptLine, refuse_doubles
from voicelab.errors import InputError

ID_TYPES = ("spu_id", "rm", "swb", "wsj", "atis")


def speaker_of(utterance_id: str, id_type: str = "spu_id") -> str:
    """Return the speaker of an id, like sclite's `-i`.

    wsj, atis: the first three letters. Others: the part before the first hyphen, otherwise before the first underscore.
    An id without either (an error in sclite) is its own speaker.
    """
    if id_type not in ID_TYPES:
        raise InputError(f"unknown type of id {id_type!r}; known: {', '.join(ID_TYPES)}")
    if id_type in ("wsj", "atis"):
        return utterance_id[:3]
    for mark in "-_":
        if mark in utterance_id:
            return utterance_id[: utterance_id.index(mark)]
    return utterance_id


def read(path: Path, id_type: str = "spu_id") -> list[TranscriptLine]:
    """Read a .trn file. Raises InputError, which names the file and the line."""
    found = []
    for number, line in numbered_lines(path, comments=(";;", "**")):
        opened, closed = line.rfind("("), line.rfind(")")
        if opened < 0 or closed < opened or not line[opened + 1 : closed].strip():
            raise InputError(f"{path}: line {number}: no id at the end; expected: text (speaker_utterance)")
        if line[closed + 1 :].strip():
            raise InputError(f"{path}: line {number}: text follows the id {line[opened : closed + 1]}")
        name = line[opened + 1 : closed].strip().lower()
        found.append(TranscriptLine(name, line[:opened].strip(), speaker_of(name, id_type), number))
    refuse_doubles(path, found)
    return found
